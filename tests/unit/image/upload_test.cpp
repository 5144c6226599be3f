#include "disk_bytes.hpp"

#include "plugins/image/service/upload.hpp"

#include <testkit/fake_host.hpp>
#include <testkit/refusal.hpp>

#include <gmock/gmock.h>

using namespace volutus;
using namespace volutus::image_service;
using testing::HasSubstr;

namespace {

struct Uploads : testing::Test {
    Upload::Bounds bounds;
    testkit::FakeStream client;

    Uploads() {
        bounds.most = 1u << 20;
        bounds.beyond = Error(Code::too_large, "too much");
        bounds.disk_format = "raw";
        bounds.container_format = "bare";
    }

    // Reads all as a driver does.
    static std::string read(Upload& upload, std::size_t piece) {
        std::string all, buffer(piece, '\0');
        upload.during([&] {
            while (auto const count = Stream(upload.raw()).read(buffer.data(), buffer.size()))
                all.append(buffer, 0, count);
        });
        return all;
    }
    Error refused(std::string bytes) {
        client.bytes = std::move(bytes);
        client.at = 0;
        Upload upload(Stream(&client.table), bounds);
        auto const error = testkit::refusal([&] { read(upload, 7000); });
        EXPECT_TRUE(upload.failed());
        return error;
    }
};

} // namespace

TEST_F(Uploads, BytesPassAsTheyAreAndAreHashed) {
    client.bytes = "The quick brown fox jumps over the lazy dog";
    for (std::size_t const piece : {1u, 3u, 4096u}) {
        client.at = 0;
        Upload upload(Stream(&client.table), bounds);
        EXPECT_EQ(read(upload, piece), client.bytes);
        EXPECT_EQ(upload.size(), 43u);
        EXPECT_EQ(upload.virtual_size(), 43u);
        EXPECT_EQ(upload.md5(), "9e107d9d372bb6826bd81d3542a419d6");
        EXPECT_EQ(upload.sha512(), "07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64"
                                   "2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6");
    }
}

TEST_F(Uploads, NothingBeyondTheBoundPasses) {
    EXPECT_EQ(refused(std::string((1u << 20) + 1, 'x')).code(), Code::too_large);
    bounds.most = 0;
    EXPECT_EQ(refused("x").code(), Code::too_large);
}

TEST_F(Uploads, AnotherSizeThanPromisedIsRefused) {
    bounds.promised = 4;
    EXPECT_THAT(refused("abc").what(), HasSubstr("announced 4 bytes and sent 3"));
    EXPECT_THAT(refused("abcde").what(), HasSubstr("announced 4 bytes and sent 5"));
}

TEST_F(Uploads, WhatIsInTheFirstBytesEndsALongUploadEarly) {
    auto const error = refused(image_test::qcow2() + std::string(900000, '\0'));
    EXPECT_THAT(error.what(), HasSubstr("the data is qcow2"));
    EXPECT_LT(client.at, 200000u);
}

TEST_F(Uploads, AFooterIsFoundWhateverThePieces) {
    for (std::size_t const size : {0u, 511u, 512u, 200001u})
        EXPECT_THAT(refused(std::string(size, 'x') + image_test::vhd(2)).what(), HasSubstr("the data is vhd")) << size;
}

TEST_F(Uploads, AClientThatGoesAwayEndsItWithItsOwnError) {
    client.table.read = [](vlt_stream*, vlt_span, std::uint64_t*) -> vlt_status { return VLT_CANCELLED; };
    EXPECT_EQ(refused("").code(), Code::cancelled);
}
