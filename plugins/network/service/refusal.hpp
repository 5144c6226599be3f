// Errors with the types that clients of the network API know.
#pragma once

#include <volutus/request.hpp>

#include <string>
#include <string_view>

namespace volutus::network_service {

// Throws an Error whose body says {"type": type, "message": message}.
[[noreturn]] void refuse(Code code, std::string_view type, std::string const& message);

// The two most frequent.
[[noreturn]] void refuse_bad_request(std::string const& message); // 400 BadRequest
[[noreturn]] void refuse_input(std::string const& message);       // 400 InvalidInput

// The form of all errors here; what the ledger refuses is told in the words that clients look for.
Reply error_form(Failure const& failure, ServiceTraits const& traits);

// What the details of an Error say under a key; "" where nothing.
std::string detail_of(Error const& error, std::string_view key);

// A thing that a request refers to beside its own: seen as the caller may see it, and missing in its own words.
template <class S> S visible(Request& request, std::string_view id, std::string_view missing_type) {
    try {
        return request.require<S>(id);
    } catch (Error const& error) {
        if (error.code() != Code::not_found) throw;
        refuse(Code::not_found, missing_type, error.what());
    }
}

} // namespace volutus::network_service
