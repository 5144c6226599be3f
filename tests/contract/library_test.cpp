#include "contract/link_fixture.hpp"

#include <filesystem>

namespace volutus::test {
namespace {

class LibraryTest : public testing::Test {
protected:
    LibraryTest() {
        std::string pattern = testing::TempDir() + "libraryXXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~LibraryTest() override { std::filesystem::remove_all(folder_); }
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
    std::string folder_;
    std::string path_ = folder_ + "/plugin.so";
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
    auto const error = error_from([&] {
        open_library(path_, [&](std::string const& file) {
            EXPECT_TRUE(std::filesystem::equivalent(file, path_));
            throw Error(Code::forbidden, "no");
        });
    });
    EXPECT_EQ(error.code(), Code::forbidden);
}

} // namespace
} // namespace volutus::test
