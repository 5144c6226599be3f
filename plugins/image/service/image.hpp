// An image: what its owner says of it, and what was found in its data.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::image_service {

// A project that a shared image was offered to.
struct Member {
    std::string project_id, status = "pending"; // or accepted, rejected: the member's own word
    std::string created_at, updated_at;
};
BOOST_DESCRIBE_STRUCT(Member, (), (project_id, status, created_at, updated_at))

struct Image : Stored {
    std::string id, owner, status = "queued", visibility = "shared";
    std::optional<std::string> name, disk_format, container_format;
    std::vector<std::string> tags;
    bool is_protected = false, hidden = false;
    std::int64_t min_disk = 0, min_ram = 0;                           // GiB, MiB
    std::optional<std::string> checksum, os_hash_algo, os_hash_value; // MD5; SHA-512
    std::optional<std::int64_t> size, virtual_size;                   // bytes
    std::string created_at, updated_at;
    std::optional<std::string> attempt; // id of the last upload that was begun
    json::object properties;            // of the tenant's own naming; all are strings
    std::vector<Member> members;
    // What lists look for, kept by stored(): who sees it (access.hpp), and "name=value" of the properties.
    std::vector<std::string> audience, facets;
};
Resource const& resource_of(Image const*);

// An upload that was begun; until a task has seen its end.
struct Attempt : Stored {
    std::string id, image_id;
};
Resource const& resource_of(Attempt const*);

// Data that is to go, of an image that is gone; as long as a task is at it.
struct Erasure : Stored {
    std::string id; // of the image
};
Resource const& resource_of(Erasure const*);

namespace state {
inline constexpr std::string_view queued = "queued"; // no data yet
inline constexpr std::string_view saving = "saving"; // data is on its way; a task watches over it
inline constexpr std::string_view active = "active";
inline constexpr std::string_view deactivated = "deactivated"; // data that only an operator may read
inline constexpr std::string_view killed = "killed";           // its upload broke off; only good for deletion
} // namespace state

inline bool has_data(Image const& image) { return image.status == state::active || image.status == state::deactivated; }

} // namespace volutus::image_service
