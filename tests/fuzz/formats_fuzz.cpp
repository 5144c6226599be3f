// Strings of request bodies: user data in base64, addresses, ids and times.
#include "fuzz.hpp"

#include <volutus/formats.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace volutus;
    auto const text = fuzz::text(data, size);
    if (is_base64(text))
        fuzz::must(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789+/=\r\n") == std::string_view::npos);
    fuzz::must(is_ip(text) == (is_ipv4(text) || is_ipv6(text)));
    fuzz::must(is_ip_or_cidr(text) == (is_ip(text) || is_cidr(text)));
    for (auto const is : {is_uuid, is_mac, is_url, is_timestamp, is_trimmed}) is(text);
    return 0;
}
