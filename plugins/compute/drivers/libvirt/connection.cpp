#include "connection.hpp"

#include <libvirt/virterror.h>

#include <fmt/format.h>

namespace volutus::compute::libvirt {

namespace {

Code code_of(virError const& error) {
    switch (error.code) {
    case VIR_ERR_NO_DOMAIN: return Code::not_found;
    case VIR_ERR_OPERATION_INVALID: return Code::conflict;
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_INVALID_SCHEMA:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_INVALID_ARG: return Code::invalid;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED: return Code::unsupported;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
    case VIR_ERR_RPC:
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_OPERATION_TIMEOUT: return Code::unavailable;
    case VIR_ERR_NO_MEMORY: return Code::exhausted;
    default: break;
    }
    bool const of_the_way = error.domain == VIR_FROM_RPC || error.domain == VIR_FROM_REMOTE;
    return of_the_way ? Code::unavailable : Code::internal;
}

int on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int, void* changes) {
    auto& told = *static_cast<Changes*>(changes);
    switch (event) {
    case VIR_DOMAIN_EVENT_STARTED:
    case VIR_DOMAIN_EVENT_RESUMED: // a guest begins paused, so each start ends with this
        told.happened(id_of(domain), Change::started);
        break;
    case VIR_DOMAIN_EVENT_STOPPED: told.happened(id_of(domain), Change::stopped); break;
    case VIR_DOMAIN_EVENT_SUSPENDED:
    case VIR_DOMAIN_EVENT_PMSUSPENDED:
    case VIR_DOMAIN_EVENT_CRASHED: told.happened(id_of(domain), Change::other); break;
    default: break; // defined, undefined, powering down: no change of power
    }
    return 0;
}

void on_close(virConnectPtr, int, void* changes) { static_cast<Changes*>(changes)->lost(); }

} // namespace

Error last_error(std::string_view doing) {
    auto const* error = virGetLastError();
    if (!error) return Error(Code::internal, fmt::format("{}: libvirt does not say why", doing));
    return Error(code_of(*error), fmt::format("{}: {}", doing, error->message ? error->message : "no message"));
}

std::string id_of(virDomainPtr domain) {
    char text[VIR_UUID_STRING_BUFLEN] = "";
    virDomainGetUUIDString(domain, text);
    return text;
}

Connect Connection::get() {
    world::Lock lock(mutex_);
    if (connect_ && virConnectIsAlive(connect_.get()) != 1) {
        drop();
        changes_.lost();
    }
    if (!connect_) open();
    virConnectRef(connect_.get());
    return Connect(connect_.get());
}

void Connection::open() {
    Connect made(virConnectOpen(uri_.c_str()));
    if (!made) {
        auto const error = last_error("connecting to " + uri_);
        throw Error(Code::unavailable,
                    fmt::format("{}; does libvirtd run, and is the daemon's user in the group libvirt?", error.what()));
    }
    // Half a minute without an answer means that nobody is there. Drivers without a wire need none.
    virConnectSetKeepAlive(made.get(), 5, 5);
    virConnectRegisterCloseCallback(made.get(), &on_close, &changes_, nullptr);
    // libvirt calls it with what the event's id says; void (*)() on the way says that the cast is meant.
    auto const callback = VIR_DOMAIN_EVENT_CALLBACK(reinterpret_cast<void (*)()>(&on_lifecycle));
    lifecycle_ = virConnectDomainEventRegisterAny(made.get(), nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE, callback,
                                                  &changes_, nullptr);
    if (lifecycle_ < 0) throw last_error("asking for events of guests");
    changes_.lost(); // what happened before went by unseen
    connect_ = std::move(made);
}

void Connection::close() {
    world::Lock lock(mutex_);
    if (connect_) drop();
}

void Connection::drop() {
    virConnectDomainEventDeregisterAny(connect_.get(), lifecycle_);
    virConnectUnregisterCloseCallback(connect_.get(), &on_close);
    connect_.reset();
}

Domain find_domain(virConnectPtr connect, std::string const& id) {
    Domain domain(virDomainLookupByUUIDString(connect, id.c_str()));
    if (domain) return domain;
    auto const error = last_error("looking for guest " + id);
    if (error.code() != Code::not_found) throw error;
    return {};
}

} // namespace volutus::compute::libvirt
