#include "disk_bytes.hpp"

#include "plugins/image/service/inspection.hpp"

#include <volutus/error.hpp>

#include <gmock/gmock.h>

using namespace volutus;
using namespace volutus::image_service;
using namespace image_test;
using testing::HasSubstr;

namespace {

Inspection inspected(std::string const& bytes) {
    auto const tail = bytes.size() < tail_size ? bytes : bytes.substr(bytes.size() - tail_size);
    return inspect(std::string_view(bytes).substr(0, head_size), tail, bytes.size());
}
std::string refused(std::string const& bytes, std::string_view disk_format, std::string_view container = "bare") {
    try {
        check(inspected(bytes), disk_format, container);
        return "";
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), Code::invalid);
        return error.what();
    }
}

} // namespace

TEST(Inspection, EveryFormatIsToldByItsBytesAndItsSizeIsRead) {
    struct Known {
        std::string bytes, format;
        std::uint64_t virtual_size;
    };
    std::string fixed_vhd = std::string(4096, 'x') + vhd(2), vhdx = "vhdxfile" + std::string(100, '\0');
    for (auto const& known :
         {Known{qcow2(), "qcow2", 1u << 30}, Known{qcow2(2), "qcow2", 1u << 30}, Known{vmdk(), "vmdk", 1u << 20},
          Known{vmdk("streamOptimized"), "vmdk", 1u << 20}, Known{vhd(3), "vhd", 1u << 20},
          Known{fixed_vhd, "vhd", 1u << 20}, Known{vdi(), "vdi", 5u << 20}, Known{vhdx, "vhdx", 0},
          Known{iso(), "iso", 40000}, Known{"any bytes", "raw", 9}, Known{"", "raw", 0}}) {
        auto const found = inspected(known.bytes);
        EXPECT_EQ(found.format, known.format);
        EXPECT_EQ(found.virtual_size, known.virtual_size) << known.format;
        EXPECT_EQ(found.danger, "") << known.format;
        EXPECT_EQ(refused(known.bytes, known.format), "") << known.format;
    }
}

TEST(Inspection, ADiskThatNamesAnotherFileIsRefused) {
    auto backed = qcow2(), split = qcow2(), named = qcow2(), older = qcow2(2);
    put_big(backed, 8, 8, 104);
    put_big(split, 72, 8, 4);
    put_big(named, 104, 4, 0x6803f857); // a table of feature names comes first
    put_big(named, 108, 4, 5);
    put_big(named, 120, 4, 0x44415441);
    put_big(named, 124, 4, 8);
    put_big(older, 8, 8, 200);
    EXPECT_THAT(refused(backed, "qcow2"), HasSubstr("backing file"));
    EXPECT_THAT(refused(older, "qcow2"), HasSubstr("backing file"));
    EXPECT_THAT(refused(split, "qcow2"), HasSubstr("external data file"));
    EXPECT_THAT(refused(named, "qcow2"), HasSubstr("external data file"));
    EXPECT_THAT(refused(vhd(4), "vhd"), HasSubstr("difference"));
    EXPECT_THAT(refused(vmdk("monolithicFlat"), "vmdk"), HasSubstr("other files"));
    EXPECT_THAT(refused("# Disk DescriptorFile\nRW 1 FLAT \"/etc/passwd\" 0", "vmdk"), HasSubstr("other files"));
    EXPECT_THAT(refused(std::string("QED\0", 4), "raw"), HasSubstr("QED"));
}

TEST(Inspection, DangerIsFoundWhateverTheOwnerSays) {
    auto backed = qcow2();
    put_big(backed, 8, 8, 104);
    for (auto const* declared : {"raw", "iso", "ami", "vdi"})
        EXPECT_THAT(refused(backed, declared), HasSubstr("backing file"));
}

TEST(Inspection, DataOfAnotherFormatThanSaidIsRefused) {
    EXPECT_THAT(refused(qcow2(), "raw"), HasSubstr("disk_format is raw, and the data is qcow2"));
    EXPECT_THAT(refused("any bytes", "qcow2"), HasSubstr("disk_format is qcow2, and the data is raw"));
    EXPECT_THAT(refused(iso(), "raw"), HasSubstr("iso"));
    EXPECT_EQ(refused(iso(true), "raw"), "") << "a hybrid boots as a disk too";
    EXPECT_EQ(refused(iso(true), "iso"), "");
    EXPECT_EQ(refused(qcow2(), "raw", "docker"), "") << "an archive is no disk";
}

TEST(Inspection, AHeaderThatBreaksOffOrLiesIsRefused) {
    EXPECT_THAT(refused(qcow2().substr(0, 60), "qcow2"), HasSubstr("breaks off"));
    EXPECT_THAT(refused(std::string("QFI\xfb", 4), "qcow2"), HasSubstr("version is 0"));
    EXPECT_THAT(refused(qcow2(7), "qcow2"), HasSubstr("version is 7"));
    EXPECT_THAT(refused("KDMV", "vmdk"), HasSubstr("not at its beginning"));
    auto far = vmdk();
    put_little(far, 28, 8, ~std::uint64_t{0});
    EXPECT_THAT(refused(far, "vmdk"), HasSubstr("not at its beginning"));
    auto endless = qcow2();
    put_big(endless, 104, 4, 1);
    put_big(endless, 108, 4, 0xffffffff);
    EXPECT_EQ(refused(endless, "qcow2"), "");
}
