// A backup is the database as one file, and behind it one line of JSON by which it is known and proved whole:
// {"volutus_backup": 1, "program", "format", "revision", "bytes", "sha256"}; `tail -n 1` shows it.
#pragma once

#include <kernel/store/engine.hpp>
#include <volutus/contract/store.hpp>
#include <volutus/world.hpp>

#include <optional>
#include <string>

namespace volutus::kernel::store {

// What a store says of itself before it is opened for work.
struct Label {
    int format = 0;      // of the tables that are there whatever the kinds
    std::string program; // the version that opened it for writing last; "" in formats before 3
    std::uint64_t revision = 0;
};

struct BackupLabel : Label {
    std::uint64_t bytes = 0; // of the database
    std::string sha256;      // of these bytes, in hexadecimal
};

// Reads a database without leaving a trace, whose writer must be away. nullopt: it is not a store.
std::optional<Label> read_label(std::string const& engine, EngineOptions const& database);

// conflict, with the versions and what to do: a newer program has written this. `what` begins the message.
void check_format(std::string const& what, Label const& label, std::string_view program);

// Looks whether the database in the file, which a copy has just made, is whole, and puts the line behind it; durable on
// return. Throws internal where it is not: the store itself is damaged.
BackupLabel seal_backup(std::string const& engine, std::string const& path);

// Copies the database out of a backup to the path, durable on return, and proves on the way that it is what was
// written. invalid: this is no backup, or is not whole.
BackupLabel unpack_backup(world::File const& from, std::string const& name, std::string const& to);

// What comes after a restore must not be taken for what was before it: revisions go on far beyond any that the replaced
// store can have given (drivers refuse lower epochs), and who follows the feed is told to list again.
void begin_after_restore(Engine& engine);

// Swaps a database that lies ready at staged_path() for the one at the path. One rename decides: interrupted before it,
// nothing has changed; after it, finish_restore() ends what was begun, which the daemon calls before it opens the store.
std::string staged_path(std::string const& path);
void commit_restore(std::string const& path);
// Under what name the store that was there before lies now; "" when there was none, nullopt when no restore was begun.
std::optional<std::string> finish_restore(std::string const& path);

} // namespace volutus::kernel::store
