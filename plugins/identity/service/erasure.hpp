// Removes a document with all that belongs to it, as the ownership edges of the tables say: a domain with its users,
// a user with its assignments.
#pragma once

#include <volutus/contract/store.hpp>
#include <volutus/store.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace volutus::identity_service {

// One apply where the whole fits into one. What is more goes in several, the owned before the owner and the document
// itself last: a removal that was cut short leaves it there, and is done by asking again.
class Erasure {
public:
    Erasure(Host host, Call& call) : store_(host), call_(call) {}

    // conflict, with the other's kind and id in the details, when something refers to it that does not belong to it.
    template <class S> void erase(S const& object) {
        erase_document(resource_of(&object).kind_name, object.id, object.stored_revision);
    }

private:
    using Document = std::pair<std::string, std::string>; // kind, id
    void erase_document(std::string_view kind, std::string_view id, std::uint64_t revision);
    void gather(Document const& document, std::size_t depth);
    void flush();

    Client<store::contract> store_;
    Call& call_;
    std::set<Document> seen_;
    Writes writes_;
    std::vector<std::string> subjects_;
};

} // namespace volutus::identity_service
