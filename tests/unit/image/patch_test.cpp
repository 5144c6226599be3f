#include "plugins/image/service/patch.hpp"

#include <testkit/refusal.hpp>

#include <gmock/gmock.h>

using namespace volutus;
using namespace volutus::image_service;
using testing::HasSubstr;

namespace {

Image patched(std::string const& patch, Image image = {}, bool older = false) {
    for (auto const& change : read_patch(json::parse(patch), older)) apply_change(change, image);
    return image;
}
Error refused(std::string const& patch, Image image = {}) {
    return testkit::refusal([&] { patched(patch, std::move(image)); });
}

} // namespace

TEST(Patch, ChangesFieldsAndProperties) {
    Image image;
    image.properties = {{"old", "1"}};
    auto const done = patched(R"([{"op": "replace", "path": "/name", "value": "n"}, {"op": "remove", "path": "/old"},
        {"op": "add", "path": "/a.b~1c~0d", "value": ""}, {"op": "add", "path": "/min_ram", "value": 4}])",
                              image);
    EXPECT_EQ(done.name, "n");
    EXPECT_EQ(done.min_ram, 4);
    EXPECT_EQ(json::print(done.properties), R"({"a.b/c~d":""})");
}

TEST(Patch, NullTakesANameAway) {
    Image image;
    image.name = "n";
    EXPECT_FALSE(patched(R"([{"op": "replace", "path": "/name", "value": null}])", image).name);
}

TEST(Patch, TheOlderFormSaysTheSame) {
    EXPECT_EQ(patched(R"([{"replace": "/name", "value": "n"}])", {}, true).name, "n");
    EXPECT_THROW(read_patch(json::parse(R"([{"value": "n"}])"), true), Error);
}

TEST(Patch, WhatTheServiceSetsIsForbidden) {
    for (auto const* key : {"status", "id", "size", "checksum", "os_hash_value", "self", "locations", "os_glance_x"}) {
        auto const path = std::string(R"([{"op": "add", "path": "/)") + key + R"(", "value": "x"}])";
        EXPECT_EQ(refused(path).code(), Code::forbidden) << key;
    }
    Image active;
    active.status = state::active;
    EXPECT_EQ(refused(R"([{"op": "replace", "path": "/disk_format", "value": "raw"}])", active).code(),
              Code::forbidden);
    EXPECT_EQ(refused(R"([{"op": "remove", "path": "/min_disk"}])").code(), Code::forbidden);
}

TEST(Patch, WhatIsNotThereIsAConflict) {
    EXPECT_EQ(refused(R"([{"op": "remove", "path": "/absent"}])").code(), Code::conflict);
    EXPECT_EQ(refused(R"([{"op": "replace", "path": "/absent", "value": "x"}])").code(), Code::conflict);
}

TEST(Patch, WhatIsNoPatchIsInvalid) {
    std::string many = "[";
    for (int i = 0; i < 1001; ++i) many += std::string(i ? "," : "") + R"({"op": "remove", "path": "/x"})";
    for (auto const& bad :
         {std::string("{}"), std::string("[1]"), std::string(R"([{"op": "test", "path": "/a", "value": 1}])"),
          std::string(R"([{"op": "add", "path": "a", "value": "1"}])"), std::string(R"([{"op": "add", "path": "/a"}])"),
          std::string(R"([{"op": "add", "path": "/a/b", "value": "1"}])"),
          std::string(R"([{"op": "add", "path": "/"}])"),
          std::string(R"([{"op": "add", "path": "/a~2", "value": "1"}])"), std::string(R"([{"op": "add", "path": 5}])"),
          std::string(R"([{"op": "add", "path": "/min_ram", "value": "x"}])"), many + "]"})
        EXPECT_EQ(refused(bad).code(), Code::invalid) << bad.substr(0, 80);
}
