// The projects that a shared image is offered to.
#pragma once

#include "access.hpp"

namespace volutus::image_service {

struct NewMember {
    std::string member;
};
struct MemberWord {
    std::string status;
    std::string member; // clients send the path's again; it says nothing new
};
constexpr auto new_member_rows =
    rows(field<&NewMember::member>("member", required_field, min_length(1), max_length(255)));
constexpr Fields rows_of(NewMember const*) { return fields_of(new_member_rows); }
constexpr auto member_word_rows =
    rows(field<&MemberWord::status>("status", required_field, one_of("pending", "accepted", "rejected")),
         field<&MemberWord::member>("member", max_length(255)));
constexpr Fields rows_of(MemberWord const*) { return fields_of(member_word_rows); }

// As the API shows it; kept in the image's own document.
struct ShownMember : Stored {
    std::string id; // of the project
    std::string image_id, status, created_at, updated_at;
};
Resource const& resource_of(ShownMember const*);

class Members {
public:
    Reply list(Request& request);
    Reply show(Request& request);
    Reply add(Request& request, NewMember const& wanted);
    Reply decide(Request& request, MemberWord const& word);
    Reply remove(Request& request);
};

} // namespace volutus::image_service
