// The store's default engine: SQLite in WAL mode, each commit synced, one writer and any number of readers.
#pragma once

#include <kernel/store/engine.hpp>

namespace volutus::kernel::store {

// Makes the file when it is absent. One process at a time may write it.
std::unique_ptr<Engine> open_sqlite(EngineOptions const& options);

} // namespace volutus::kernel::store
