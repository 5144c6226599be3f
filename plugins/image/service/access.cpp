#include "access.hpp"

#include <algorithm>

namespace volutus::image_service {

namespace {

constexpr std::size_t longest_facet = 1000; // bytes; the store indexes no value beyond 2,000

Member const* member_of(Image const& image, std::string_view project) {
    auto const found = std::find_if(image.members.begin(), image.members.end(),
                                    [&](Member const& member) { return member.project_id == project; });
    return found == image.members.end() ? nullptr : &*found;
}

} // namespace

Viewer viewer_of(Request& request) {
    Viewer viewer;
    if (request.caller().project) viewer.project = request.caller().project->id;
    viewer.everything = request.by_the_cloud() || request.may("context_is_admin", request.own_target());
    return viewer;
}

Viewer viewer_of(Call const& call) {
    auto const caller = caller_of(call);
    if (!caller) return {{}, true};
    return {caller->project ? caller->project->id : std::string(), caller->is_admin};
}

bool owns(Viewer const& viewer, Image const& image) { return !viewer.project.empty() && viewer.project == image.owner; }

bool sees(Viewer const& viewer, Image const& image) {
    if (viewer.everything || owns(viewer, image)) return true;
    if (image.visibility == "public" || image.visibility == "community") return true;
    return image.visibility == "shared" && !viewer.project.empty() && member_of(image, viewer.project);
}

std::string as_member(std::string_view status, std::string_view project) {
    return std::string(status) + ":" + std::string(project);
}

std::vector<std::string> audience_of(Image const& image) {
    std::vector<std::string> audience{image.owner};
    if (image.visibility == "public") audience.emplace_back("*");
    if (image.visibility == "community") audience.emplace_back("community");
    if (image.visibility == "shared")
        for (auto const& member : image.members) audience.push_back(as_member(member.status, member.project_id));
    return audience;
}

json::object target_of(Request& request, Image const& image) {
    json::object target{{"project_id", image.owner},
                        {"tenant_id", image.owner},
                        {"owner", image.owner},
                        {"visibility", image.visibility},
                        {"image_id", image.id}};
    auto const& project = request.caller().project;
    if (project && member_of(image, project->id)) target["member_id"] = project->id;
    return target;
}

Image find(Request& request) {
    auto const& id = request.parameter("image_id");
    auto image = request.store().get<Image>(id);
    if (!image || !sees(viewer_of(request), *image)) request.missing("image", id);
    request.enforce(request.route().policy, target_of(request, *image));
    return std::move(*image);
}

Writes stored(Image& image) {
    image.audience = audience_of(image);
    image.facets.clear();
    for (auto const& [name, value] : image.properties)
        if (auto facet = std::string(name) + "=" + json::text(value); facet.size() <= longest_facet)
            image.facets.push_back(std::move(facet));
    return put(image);
}

} // namespace volutus::image_service
