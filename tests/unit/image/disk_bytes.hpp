// Bytes of disk images, as their specifications lay them out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace image_test {

inline void put_big(std::string& bytes, std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
}
inline void put_little(std::string& bytes, std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}
inline void put_text(std::string& bytes, std::size_t at, std::string_view text) {
    bytes.replace(at, text.size(), text);
}

inline std::string qcow2(std::uint32_t version = 3) {
    std::string bytes(1024, '\0');
    put_text(bytes, 0, "QFI\xfb");
    put_big(bytes, 4, 4, version);
    put_big(bytes, 24, 8, 1u << 30);
    if (version == 3) put_big(bytes, 100, 4, 104);
    return bytes;
}
inline std::string vmdk(std::string_view type = "monolithicSparse") {
    std::string bytes(4096, '\0');
    put_text(bytes, 0, "KDMV");
    put_little(bytes, 12, 8, 2048); // sectors
    put_little(bytes, 28, 8, 1);    // of the description
    put_little(bytes, 36, 8, 2);
    put_text(bytes, 512, "# Disk DescriptorFile\ncreateType=\"" + std::string(type) + "\"\n");
    return bytes;
}
inline std::string vhd(std::uint32_t type) {
    std::string bytes(512, '\0');
    put_text(bytes, 0, "conectix");
    put_big(bytes, 48, 8, 1 << 20);
    put_big(bytes, 60, 4, type);
    return bytes;
}
inline std::string vdi() {
    std::string bytes(512, '\0');
    put_text(bytes, 0x40, "\x7f\x10\xda\xbe");
    put_little(bytes, 0x170, 8, 5 << 20);
    return bytes;
}
inline std::string iso(bool hybrid = false) {
    std::string bytes(40000, '\0');
    put_text(bytes, 0x8001, "CD001");
    if (hybrid) put_text(bytes, 510, "\x55\xaa");
    return bytes;
}

} // namespace image_test
