// What the handlers of all tables share about their documents: links, names that are taken, and what is immutable.
#pragma once

#include <volutus/request.hpp>
#include <volutus/resource.hpp>

#include <string>
#include <string_view>

namespace volutus::identity_service {

template <class S> json::object self_link(Request& request, S const& object) {
    auto const& resource = resource_of(&object);
    return {{"self", request.link("/" + std::string(resource.plural) + "/" + object.id)}};
}

// A list that is whole, with the links that every list has.
Reply collection(Request& request, std::string_view key, json::array items);

// Puts what has a name. A name that is taken is a conflict in words that an operator understands.
void store_named_object(Request& request, Resource const& resource, void* object, std::string_view name, Writes more);
template <class S> void store_named(Request& request, S& object, Writes more = {}) {
    store_named_object(request, resource_of(&object), &object, object.name, std::move(more));
}

// forbidden while options.immutable is true, unless the request is to set just that to something else.
void refuse_if_immutable(Request& request, std::string_view noun, std::string_view id, json::object const& options);

// The domain that a new user, group or project belongs to: the one named, else that of the token, else the default one.
std::string domain_for(Request& request, std::string_view named);

// Microseconds since 1970; tokens that are older than what a document says here are void.
std::int64_t now_micros();

} // namespace volutus::identity_service
