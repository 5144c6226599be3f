// volutus.metadata/1: what a guest asks at 169.254.169.254. Provided by the compute service, called by network drivers,
// which know on which network a request came in and from which address.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <string>

namespace volutus::metadata {

struct Request {
    std::string network, address;
    std::string method, path; // path with the query, as sent
    std::string body;         // at most 64 KiB
};
BOOST_DESCRIBE_STRUCT(Request, (), (network, address, method, path, body))

struct Reply {
    std::uint32_t status = 200;
    std::string content_type, body;
};
BOOST_DESCRIBE_STRUCT(Reply, (), (status, content_type, body))

struct Metadata {
    virtual ~Metadata() = default;
    virtual Reply answer(Call&, Request const&) = 0;
};
inline constexpr auto contract =
    volutus::contract<Metadata>("volutus.metadata/1", required<&Metadata::answer>("answer"));

} // namespace volutus::metadata
