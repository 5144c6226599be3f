#include "versions_table.hpp"

namespace volutus::compute {

Resource const& resource_of(Root const*) { return erased<versions>(); }

namespace {

json::object version_document(Request& request) {
    return {{"id", "v2.1"},
            {"status", "CURRENT"},
            {"version", newest_version},
            {"min_version", lowest_version},
            {"updated", "2013-07-23T11:33:21Z"},
            {"links", json::array{json::object{{"rel", "self"}, {"href", request.link("//v2.1/")}}}}};
}

} // namespace

Reply list_versions(Request& request) {
    return request.reply(json::object{{"versions", json::array{version_document(request)}}});
}

Reply show_version(Request& request) {
    auto document = version_document(request);
    document.at("links").as_array().push_back(
        json::object{{"rel", "describedby"}, {"type", "text/html"}, {"href", "https://docs.openstack.org/"}});
    document["media-types"] = json::array{
        json::object{{"base", "application/json"}, {"type", "application/vnd.openstack.compute+json;version=2.1"}}};
    return request.reply(json::object{{"version", std::move(document)}});
}

} // namespace volutus::compute
