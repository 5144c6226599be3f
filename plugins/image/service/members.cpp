#include "members.hpp"

#include "limits.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::image_service {

namespace {

ShownMember shown(Image const& image, Member const& member) {
    ShownMember out;
    out.id = member.project_id;
    out.image_id = image.id;
    out.status = member.status;
    out.created_at = member.created_at;
    out.updated_at = member.updated_at;
    return out;
}

// The one that the path names. A member sees itself and no other.
Member& named(Request& request, Image& image) {
    auto const& id = request.parameter("member_id");
    auto const viewer = viewer_of(request);
    bool const may_know = viewer.everything || owns(viewer, image) || viewer.project == id;
    auto const found = std::find_if(image.members.begin(), image.members.end(),
                                    [&](Member const& member) { return member.project_id == id; });
    if (!may_know || found == image.members.end()) request.missing("member", id);
    return *found;
}

void require_owner(Request& request, Image const& image) {
    auto const viewer = viewer_of(request);
    if (!viewer.everything && !owns(viewer, image))
        throw Error(Code::forbidden, fmt::format("You are not permitted to change the members of image {}.", image.id));
    if (image.visibility != "shared") throw Error(Code::forbidden, "Only shared images have members.");
}

} // namespace

Reply Members::list(Request& request) {
    auto const image = find(request);
    if (image.visibility != "shared") throw Error(Code::forbidden, "Only shared images have members.");
    auto const viewer = viewer_of(request);
    json::array members;
    for (auto const& member : image.members)
        if (viewer.everything || owns(viewer, image) || member.project_id == viewer.project)
            members.push_back(request.view_of(shown(image, member)));
    return request.reply(json::object{{"members", std::move(members)}, {"schema", "/v2/schemas/members"}});
}

Reply Members::show(Request& request) {
    auto image = find(request);
    return request.shown(shown(image, named(request, image)));
}

Reply Members::add(Request& request, NewMember const& wanted) {
    return retry_on_conflict([&] {
        auto image = find(request);
        require_owner(request, image);
        for (auto const& member : image.members)
            if (member.project_id == wanted.member)
                throw Error(Code::conflict,
                            fmt::format("Member '{}' is already associated with image '{}'.", wanted.member, image.id));
        if (image.members.size() >= most_members)
            throw Error(Code::over_quota, fmt::format("An image has at most {} members.", most_members));
        Member member;
        member.project_id = wanted.member;
        member.created_at = member.updated_at = timestamp_now();
        image.members.push_back(member);
        return request.apply_and_answer(stored(image), request.shown(shown(image, member)));
    });
}

// Whether an offered image shows in its lists is the member's own word.
Reply Members::decide(Request& request, MemberWord const& word) {
    return retry_on_conflict([&] {
        auto image = find(request);
        auto& member = named(request, image);
        auto const viewer = viewer_of(request);
        if (!viewer.everything && viewer.project != member.project_id)
            throw Error(Code::forbidden, "Only the member itself accepts or rejects an image.");
        member.status = word.status;
        member.updated_at = timestamp_now();
        auto const reply = shown(image, member);
        request.apply(stored(image));
        return request.shown(reply);
    });
}

Reply Members::remove(Request& request) {
    return retry_on_conflict([&] {
        auto image = find(request);
        auto const& member = named(request, image);
        require_owner(request, image);
        image.members.erase(image.members.begin() + (&member - image.members.data()));
        request.apply(stored(image));
        return request.reply();
    });
}

} // namespace volutus::image_service
