#include "event_loop.hpp"

#include <volutus/error.hpp>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

namespace volutus::compute::libvirt {

void EventLoop::start() {
    // Without this libvirt writes each error to standard error as well.
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    if (virInitialize() != 0 || virEventRegisterDefaultImpl() != 0)
        throw Error(Code::internal,
                    "libvirt's client library cannot be used: " + std::string(virGetLastErrorMessage()));
    stopping_ = false;
    thread_ = world::Thread("libvirt events", [this] {
        while (!stopping_) virEventRunDefaultImpl();
    });
}

void EventLoop::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    // Due at once and again and again, so that it wakes our thread even when another one runs the loop just now.
    int const alarm = virEventAddTimeout(0, [](int, void*) {}, nullptr, nullptr);
    thread_.join();
    if (alarm >= 0) virEventRemoveTimeout(alarm);
}

} // namespace volutus::compute::libvirt
