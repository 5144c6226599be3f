// Connections for reading, each of one thread at a time. Who finds none free waits.
#pragma once

#include <kernel/store/engine.hpp>
#include <volutus/world.hpp>

#include <memory>
#include <vector>

namespace volutus::kernel::store {

class ReaderPool {
public:
    ReaderPool(Engine& engine, std::size_t most) : engine_(engine), most_(most) {}

    // A connection on loan; goes back with this object.
    class Lease {
    public:
        Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
            : pool_(pool), connection_(std::move(connection)) {}
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;
        ~Lease() { pool_.give_back(std::move(connection_)); }
        Connection& operator*() const { return *connection_; }

    private:
        ReaderPool& pool_;
        std::unique_ptr<Connection> connection_;
    };
    Lease lease();

private:
    void give_back(std::unique_ptr<Connection> connection);

    Engine& engine_;
    std::size_t most_, made_ = 0;
    world::Mutex mutex_;
    world::Condition returned_;
    std::vector<std::unique_ptr<Connection>> free_;
};

} // namespace volutus::kernel::store
