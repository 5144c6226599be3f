#include "contract/link_fixture.hpp"

#include <testkit/temporary_folder.hpp>

#include <filesystem>

namespace volutus::test {
namespace {

class LibraryTest : public testing::Test {
protected:
    // Puts a plugin at the path, as an installation does: beside it, then renamed.
    void install(std::string const& plugin) {
        std::filesystem::copy_file(plugin_path(plugin), path_ + ".new");
        std::filesystem::rename(path_ + ".new", path_);
    }
    vlt_status enter(Library const& library) {
        Kernel kernel;
        auto const host = kernel.host_of("raw");
        CallContext context;
        CallFrame frame(context);
        vlt_plugin_ref out{nullptr};
        return library.entry(host.get(), &frame, &out);
    }
    testkit::TemporaryFolder folder_;
    std::string path_ = folder_ / "plugin.so";
};

TEST_F(LibraryTest, AReplacedFileIsAnotherLibraryAlsoWhileTheOldOneIsOpen) {
    install("raw");
    auto const old = open_library(path_);
    install("init_fails");
    auto const fresh = open_library(path_);
    EXPECT_EQ(enter(old), VLT_OK);
    EXPECT_EQ(enter(fresh), VLT_UNAVAILABLE);
}

TEST_F(LibraryTest, AReplacedFileIsAnotherLibraryAfterTheOldOneWasClosed) {
    install("raw");
    EXPECT_EQ(enter(open_library(path_)), VLT_OK);
    install("init_fails");
    EXPECT_EQ(enter(open_library(path_)), VLT_UNAVAILABLE);
}

TEST_F(LibraryTest, TheCheckSeesTheOpenedFileAndMayRefuseIt) {
    install("raw");
    auto const error = refusal([&] {
        open_library(path_, [&](std::string const& file) {
            EXPECT_TRUE(std::filesystem::equivalent(file, path_));
            throw Error(Code::forbidden, "no");
        });
    });
    EXPECT_EQ(error.code(), Code::forbidden);
}

} // namespace
} // namespace volutus::test
