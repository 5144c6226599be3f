// The REST API of images.
#pragma once

#include "documents.hpp"
#include "image_data.hpp"
#include "images.hpp"
#include "members.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace volutus::image_service {

inline std::string self_of(Request&, Image const& image) { return "/v2/images/" + image.id; }
inline std::string file_of(Request&, Image const& image) { return "/v2/images/" + image.id + "/file"; }
inline std::string schema_of_image(Request&, Image const&) { return "/v2/schemas/image"; }
inline std::string schema_of_member(Request&, ShownMember const&) { return "/v2/schemas/member"; }

// Glance's secure defaults.
namespace rules {
inline constexpr std::string_view reader = "role:admin or (role:reader and project_id:%(project_id)s)";
inline constexpr std::string_view member = "role:admin or (role:member and project_id:%(project_id)s)";
inline constexpr std::string_view visible =
    "role:admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s or "
    "'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
inline constexpr std::string_view used =
    "role:admin or (role:member and (project_id:%(project_id)s or project_id:%(member_id)s or "
    "'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
inline constexpr std::string_view of_member =
    "role:admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s))";
inline constexpr std::string_view by_member =
    "role:admin or (role:member and (project_id:%(project_id)s or project_id:%(member_id)s))";
inline constexpr std::string_view admin = "role:admin";
} // namespace rules

inline constexpr auto images = resource<Image>(
    "image", "images", kind("image.image"), scoped_by("owner"), worked_on_at("image.attempt", "os_glance_attempt"),
    rule("context_is_admin", rules::admin), rule("publicize_image", rules::admin),
    rule("communitize_image", rules::member), rule("download_deactivated_image", rules::admin),
    field<&Image::id>("id", on_create, formats::uuid, help("An identifier for the image")),
    field<&Image::name>("name", writable, max_length(255), indexed),
    field<&Image::status>("status", indexed, transient("saving"),
                          one_of("queued", "saving", "active", "killed", "deactivated")),
    field<&Image::visibility>("visibility", writable, one_of("public", "private", "shared", "community"), indexed),
    field<&Image::is_protected>("protected", writable, indexed), field<&Image::hidden>("os_hidden", writable, indexed),
    field<&Image::owner>("owner", writable, min_length(1), max_length(255), indexed),
    field<&Image::tags>("tags", writable, indexed, max_length(1024)),
    field<&Image::disk_format>(
        "disk_format", writable, indexed,
        one_of("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")),
    field<&Image::container_format>("container_format", writable, indexed,
                                    one_of("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")),
    field<&Image::min_disk>("min_disk", writable, at_least(0), at_most(2147483647), indexed),
    field<&Image::min_ram>("min_ram", writable, at_least(0), at_most(2147483647), indexed),
    field<&Image::checksum>("checksum", indexed), field<&Image::os_hash_algo>("os_hash_algo"),
    field<&Image::os_hash_value>("os_hash_value", indexed), field<&Image::size>("size", indexed),
    field<&Image::virtual_size>("virtual_size"), field<&Image::created_at>("created_at"),
    field<&Image::updated_at>("updated_at", indexed), field<&Image::properties>("os_glance_properties", keeps_rest),
    field<&Image::attempt>("os_glance_attempt", hidden), field<&Image::members>("members", hidden),
    field<&Image::audience>("audience", hidden, indexed), field<&Image::facets>("facets", hidden, indexed),
    computed<self_of>("self"), computed<file_of>("file"), computed<schema_of_image>("schema"),
    // Who passes it is not kept to his own project; audiences narrow the list to what he sees.
    list<&Images::list>("/images", policy("get_images", rules::reader), sees_all("get_images"),
                        beside("schema", "/v2/schemas/images"),
                        sorts("created_at", "name", "status", "container_format", "disk_format", "size", "updated_at"),
                        queries("name", "status", "visibility", "member_status", "owner", "tag", "os_hidden",
                                "protected", "disk_format", "container_format", "size_min", "size_max")),
    show<&Images::show>("/images/{image_id}", policy("get_image", rules::visible)),
    create<&Images::create>("/images", policy("add_image", rules::member), quota(count_quota, size_quota), any_body,
                            checks_itself),
    update<&Images::update>("/images/{image_id}", policy("modify_image", rules::member), by("PATCH"), any_body),
    remove<&Images::remove>("/images/{image_id}", policy("delete_image", rules::member)),
    route<&Images::deactivate>("POST", "/images/{image_id}/actions/deactivate", policy("deactivate", rules::member),
                               status(204)),
    route<&Images::reactivate>("POST", "/images/{image_id}/actions/reactivate", policy("reactivate", rules::member),
                               status(204)),
    route<&Images::add_tag>("PUT", "/images/{image_id}/tags/{tag}", "modify_image", status(204)),
    route<&Images::remove_tag>("DELETE", "/images/{image_id}/tags/{tag}", "modify_image", status(204)));

inline constexpr auto attempts = resource<Attempt>("attempt", "attempts", kind("image.attempt"), unscoped, passing,
                                                   field<&Attempt::id>("id"), field<&Attempt::image_id>("image_id"));
inline constexpr auto erasures =
    resource<Erasure>("erasure", "erasures", kind("image.erasure"), unscoped, passing, field<&Erasure::id>("id"));

inline constexpr auto files = resource<Document>(
    "image_file", "image_files", unscoped, field<&Document::id>("id"),
    route<&ImageData::upload>("PUT", "/images/{image_id}/file", policy("upload_image", rules::member), streams,
                              status(204)),
    route<&ImageData::download>("GET", "/images/{image_id}/file", policy("download_image", rules::used), streams));

inline constexpr auto members = resource<ShownMember>(
    "member", "members", unscoped, field<&ShownMember::id>("member_id"), field<&ShownMember::image_id>("image_id"),
    field<&ShownMember::status>("status", one_of("pending", "accepted", "rejected")),
    field<&ShownMember::created_at>("created_at"), field<&ShownMember::updated_at>("updated_at"),
    computed<schema_of_member>("schema"),
    list<&Members::list>("/images/{image_id}/members", policy("get_members", rules::of_member)),
    show<&Members::show>("/images/{image_id}/members/{member_id}", policy("get_member", rules::of_member)),
    create<&Members::add>("/images/{image_id}/members", policy("add_member", rules::member), status(200)),
    update<&Members::decide>("/images/{image_id}/members/{member_id}", policy("modify_member", rules::by_member)),
    remove<&Members::remove>("/images/{image_id}/members/{member_id}", policy("delete_member", rules::member)));

inline constexpr auto documents = resource<Document>(
    "document", "documents", unscoped, field<&Document::id>("id"),
    route<versions>("GET", "//", {}, anonymous, status(300)), route<versions>("GET", "//versions", {}, anonymous),
    route<image_schema>("GET", "/schemas/image", {}), route<images_schema>("GET", "/schemas/images", {}),
    route<member_schema>("GET", "/schemas/member", {}), route<members_schema>("GET", "/schemas/members", {}),
    route<import_methods>("GET", "/info/import", {}));

} // namespace volutus::image_service
