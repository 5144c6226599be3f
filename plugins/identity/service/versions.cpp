#include "versions.hpp"

namespace volutus::identity_service {

namespace {

json::object version_document(Request const& request) {
    json::array const links{json::object{{"rel", "self"}, {"href", request.link("//v3/")}}};
    json::array const types{
        json::object{{"base", "application/json"}, {"type", "application/vnd.openstack.identity-v3+json"}}};
    return {{"id", "v3.14"},
            {"status", "stable"},
            {"updated", "2020-04-07T00:00:00Z"},
            {"links", links},
            {"media-types", types}};
}

} // namespace

Reply list_versions(Request& request) {
    json::array const values{version_document(request)};
    return std::move(request.reply(json::object{{"versions", {{"values", values}}}})
                         .header("Vary", "X-Auth-Token")
                         .header("Location", request.link("//v3/")));
}

Reply show_version(Request& request) { return request.reply(json::object{{"version", version_document(request)}}); }

} // namespace volutus::identity_service
