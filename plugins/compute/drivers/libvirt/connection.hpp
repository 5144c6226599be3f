// The connection to libvirt. Opened when it is first needed, and again after it broke; while it is open, the power of
// all guests is watched.
#pragma once

#include "changes.hpp"

#include <volutus/error.hpp>

#include <libvirt/libvirt.h>

#include <memory>
#include <string>
#include <string_view>

namespace volutus::compute::libvirt {

struct CloseConnect {
    void operator()(virConnectPtr connect) const { virConnectClose(connect); }
};
struct FreeDomain {
    void operator()(virDomainPtr domain) const { virDomainFree(domain); }
};
struct FreeText {
    void operator()(char* text) const { ::free(text); }
};
using Connect = std::unique_ptr<virConnect, CloseConnect>;
using Domain = std::unique_ptr<virDomain, FreeDomain>;
using Text = std::unique_ptr<char, FreeText>;

// The error that libvirt's last call on this thread left, as ours: unavailable where the connection is to blame.
Error last_error(std::string_view doing);

std::string id_of(virDomainPtr domain);

class Connection {
public:
    Connection(std::string uri, Changes& changes) : uri_(std::move(uri)), changes_(changes) {}
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection() { close(); }

    Connect get(); // any thread; throws unavailable
    void close();

private:
    void open();
    void drop();

    std::string const uri_;
    Changes& changes_;
    world::Mutex mutex_;
    Connect connect_;
    int lifecycle_ = -1;
};

// None when there is no such guest.
Domain find_domain(virConnectPtr connect, std::string const& id);

} // namespace volutus::compute::libvirt
