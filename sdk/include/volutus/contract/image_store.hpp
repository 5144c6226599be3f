// volutus.image_store/1: where the bytes of images are. A driver's contract; the image service calls it.
//
// All calls are repeatable.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::image_store {

struct Key {
    std::string id; // of the image: a UUID
};
BOOST_DESCRIBE_STRUCT(Key, (), (id))

struct Range {
    std::string id;
    std::uint64_t offset = 0, length = 0; // length 0: to the end
};
BOOST_DESCRIBE_STRUCT(Range, (), (id, offset, length))

struct Object {
    std::string id;
    std::uint64_t size = 0; // bytes
};
BOOST_DESCRIBE_STRUCT(Object, (), (id, size))

struct List {
    std::optional<std::string> after; // id of the last of the page before
    std::uint32_t limit = 1000;       // 1 to 1,000
};
BOOST_DESCRIBE_STRUCT(List, (), (after, limit))

struct Objects {
    std::vector<Object> objects; // by id
    bool more = false;
};
BOOST_DESCRIBE_STRUCT(Objects, (), (objects, more))

struct ImageStore {
    virtual ~ImageStore() = default;
    // All of the call's input, durable when it answers; replaces what was there, and leaves it as it was on an error.
    // exhausted: no room.
    virtual Object save(Call&, Key const&) = 0;
    virtual void load(Call&, Range const&) = 0; // into the call's output, as a descriptor where possible; not_found
    virtual void remove(Call&, Key const&) = 0; // removing what is gone succeeds
    virtual std::optional<Object> show(Call&, Key const&) = 0;
    virtual Objects list(Call&, List const&) = 0;
};
inline constexpr auto contract = volutus::contract<ImageStore>(
    "volutus.image_store/1", required<&ImageStore::save>("save"), required<&ImageStore::load>("load"),
    required<&ImageStore::remove>("remove"), required<&ImageStore::show>("show"), required<&ImageStore::list>("list"));

} // namespace volutus::image_store
