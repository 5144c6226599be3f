// A file that is no plugin is refused before any of its code runs, and is told what is wrong with it.
#include "contract/link_fixture.hpp"

#include <testkit/temporary_folder.hpp>

#include <fstream>

namespace volutus::test {
namespace {

struct BadFile {
    char const* name;
    char const* plugin;
    char const* words;
};
class BadPlugin : public testing::TestWithParam<BadFile> {};
INSTANTIATE_TEST_SUITE_P(
    Manifests, BadPlugin,
    testing::Values(BadFile{"without_manifest", "without_manifest", "has no manifest (section .volutus.manifest)"},
                    BadFile{"newer_border", "newer_border", "is for border version 2, this kernel speaks 1"},
                    BadFile{"two_symbols", "two_symbols",
                            "such as raw_second_symbol; a plugin exports volutus_plugin_1 only"},
                    BadFile{"missing", "no_such_file", "cannot be opened"}),
    [](auto const& info) { return info.param.name; });

TEST_P(BadPlugin, IsRefusedWithItsOwnMessage) {
    auto const path = plugin_path(GetParam().plugin);
    for (auto const& error : {refusal([&] { read_manifest(path); }), refusal([&] { open_library(path); })}) {
        EXPECT_NE(std::string(error.what()).find(GetParam().words), std::string::npos) << error.what();
        EXPECT_EQ(std::string(error.what()).substr(0, path.size()), path);
    }
}

class MadeFile : public testing::Test {
protected:
    std::string write(std::string const& bytes) {
        auto const path = folder_ / "plugin.so";
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    testkit::TemporaryFolder folder_;
};

std::string contents(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(MadeFile, WhatIsNotElfIsRefused) {
    for (auto const& bytes : {std::string(), std::string("#!/bin/sh\n"), std::string(100'000, '\0')}) {
        auto const error = refusal([&] { read_manifest(write(bytes)); });
        EXPECT_EQ(error.code(), Code::invalid);
        EXPECT_NE(std::string(error.what()).find("is not an ELF file"), std::string::npos) << error.what();
    }
    EXPECT_NE(std::string(refusal([&] { read_manifest(folder_.path()); }).what()).find("is not a regular file"),
              std::string::npos);
}

TEST_F(MadeFile, APluginCutAtAnyLengthIsRefused) {
    auto const whole = contents(plugin_path("raw"));
    ASSERT_EQ(read_manifest(write(whole)).id, "raw");
    std::vector<std::size_t> lengths{16, 40, 63, 64, 65, whole.size() - 1};
    for (std::size_t part = 1; part < 32; ++part) lengths.push_back(whole.size() * part / 32);
    for (auto const length : lengths) {
        auto const error = refusal([&] { read_manifest(write(whole.substr(0, length))); });
        EXPECT_EQ(error.code(), Code::invalid) << length;
        auto const* words = length < 64 ? "is not an ELF file" : "is truncated"; // less than its header is nothing
        EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << length << ": " << error.what();
    }
}

TEST_F(MadeFile, AProgramIsNoPlugin) {
    auto const error = refusal([&] { open_library(plugin_host); });
    EXPECT_NE(std::string(error.what()).find(plugin_host + ": "), std::string::npos) << error.what();
}

TEST_F(MadeFile, BytesThatAreSpoiltNeverCrash) {
    auto const whole = contents(plugin_path("raw"));
    unsigned refused = 0;
    for (std::size_t at = 0; at < 64; ++at) { // the ELF header: every field of it
        auto spoilt = whole;
        spoilt[at] = static_cast<char>(~spoilt[at]);
        try {
            read_manifest(write(spoilt));
        } catch (Error const&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 20u);
}

} // namespace
} // namespace volutus::test
