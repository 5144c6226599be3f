#include <kernel/store/backup.hpp>
#include <kernel/store/feed.hpp>
#include <kernel/store/schema.hpp>
#include <volutus/codec.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace volutus::kernel::store {

namespace {
constexpr int backup_version = 1;
constexpr std::size_t longest_line = 1024;
constexpr std::size_t step = 1 << 20;
// More applies than any cloud makes between a backup and its restore; numbers stay exact in JSON for 2^21 restores.
constexpr std::uint64_t revisions_skipped = std::uint64_t(1) << 32;

constexpr std::string_view committed = ".restored-", aside = ".replaced-"; // and the time, behind the store's path

class Sha256 {
public:
    Sha256() { check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }
    void add(std::string_view bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }
    std::string hexadecimal() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned size = 0;
        check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size));
        std::string text;
        for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
        return text;
    }

private:
    static void check(int outcome) {
        if (outcome != 1) throw Error(Code::internal, "OpenSSL has no SHA-256; its configuration forbids it");
    }
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

// Calls each(offset, bytes) for the first `size` bytes of a file. False: it is shorter.
template <class Each> bool each_piece(world::File const& file, std::uint64_t size, Each each) {
    std::string piece;
    for (std::uint64_t at = 0; at < size; at += piece.size()) {
        piece.resize(std::min<std::uint64_t>(step, size - at));
        piece.resize(file.read_at(at, piece.data(), piece.size()));
        if (piece.empty()) return false;
        each(at, std::string_view(piece));
    }
    return true;
}

std::string last_line(world::File const& file) {
    auto const size = file.size();
    std::string tail(std::min<std::uint64_t>(size, longest_line), '\0');
    tail.resize(file.read_at(size - tail.size(), tail.data(), tail.size()));
    if (tail.empty() || tail.back() != '\n') return {};
    tail.pop_back();
    auto const begin = tail.rfind('\n');
    return begin == std::string::npos ? std::string() : tail.substr(begin + 1);
}

[[noreturn]] void refuse(std::string const& name, std::string_view why) {
    throw Error(Code::invalid, fmt::format("{} {}; nothing was changed", name, why));
}

BackupLabel label_of(world::File const& file, std::string const& name) {
    try {
        auto const line = json::parse_object(last_line(file));
        if (line.at("volutus_backup").to_number<int>() > backup_version)
            throw Error(Code::conflict, fmt::format("{} is a backup of a newer kind, by volutusd {}; restore it with "
                                                    "that version or a newer one",
                                                    name, json::text(line.at("program"))));
        BackupLabel label;
        label.program = json::text(line.at("program"));
        label.format = line.at("format").to_number<int>();
        label.revision = line.at("revision").to_number<std::uint64_t>();
        label.bytes = line.at("bytes").to_number<std::uint64_t>();
        label.sha256 = json::text(line.at("sha256"));
        return label;
    } catch (std::exception const& error) {
        auto const* const own = dynamic_cast<Error const*>(&error);
        if (own && own->code() == Code::conflict) throw;
        refuse(name, fmt::format("is no backup, or not a whole one: it does not end as `volutus db backup` ends its "
                                 "files ({})",
                                 error.what()));
    }
}

std::vector<std::string> damage_of(std::string const& engine, std::string const& path) {
    try {
        return open_engine(engine, {.path = path, .frozen = true})->reader()->check();
    } catch (EngineError const& error) {
        if (error.trouble() != Trouble::corrupt) throw;
        return {error.what()};
    }
}

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The time in the name of a restore that was committed and not finished; "" when there is none.
std::string committed_at(std::string const& path) {
    auto const folder = folder_of(path);
    if (!world::file_exists(folder)) return {};
    auto const begin = path.substr(path.rfind('/') + 1) + std::string(committed);
    for (auto const& name : world::list_directory(folder))
        if (name.starts_with(begin)) return name.substr(begin.size());
    return {};
}
} // namespace

std::optional<Label> read_label(std::string const& engine, EngineOptions const& database) {
    auto options = database;
    options.frozen = true;
    try {
        auto const reader = open_engine(engine, options)->reader();
        Label label;
        {
            auto row = reader->query("SELECT format, revision FROM store_head");
            if (!row.next()) return std::nullopt;
            label.format = static_cast<int>(row.integer(0));
            label.revision = row.revision(1);
        }
        if (label.format < 3) return label;
        auto row = reader->query("SELECT program FROM store_head");
        if (row.next()) label.program = row.string(0);
        return label;
    } catch (EngineError const& error) {
        if (error.trouble() == Trouble::input_output) throw;
        return std::nullopt;
    }
}

void check_format(std::string const& what, Label const& label, std::string_view program) {
    if (label.format <= newest_format) return;
    throw Error(
        Code::conflict,
        fmt::format("{} was written by volutusd {} in format {}, and this is volutusd {}, which knows formats up "
                    "to {}; use volutusd {} or a newer one, or `volutus db restore` a backup that was made "
                    "before the upgrade",
                    what, label.program, label.format, program, newest_format, label.program));
}

BackupLabel seal_backup(std::string const& engine, std::string const& path) {
    auto const label = read_label(engine, {.path = path});
    auto const found = label ? damage_of(engine, path) : std::vector<std::string>{"it has no head"};
    if (!found.empty())
        throw Error(Code::internal, fmt::format("the store itself is damaged, so there is no backup of it: {:.500}; "
                                                "look at the disk, and restore an earlier backup",
                                                fmt::join(found, ", ")));
    BackupLabel sealed{*label, 0, {}};
    world::File file(path, world::File::Mode::write);
    sealed.bytes = file.size();
    Sha256 sum;
    each_piece(file, sealed.bytes, [&](std::uint64_t, std::string_view bytes) { sum.add(bytes); });
    sealed.sha256 = sum.hexadecimal();
    auto const line = '\n' +
                      json::print(json::object{{"volutus_backup", backup_version},
                                               {"program", sealed.program},
                                               {"format", sealed.format},
                                               {"revision", sealed.revision},
                                               {"bytes", sealed.bytes},
                                               {"sha256", sealed.sha256}}) +
                      '\n';
    file.write_at(sealed.bytes, line.data(), line.size());
    file.sync();
    return sealed;
}

BackupLabel unpack_backup(world::File const& from, std::string const& name, std::string const& to) {
    auto const label = label_of(from, name);
    world::File out(to, world::File::Mode::create);
    out.truncate(0);
    Sha256 sum;
    bool const whole = each_piece(from, label.bytes, [&](std::uint64_t at, std::string_view bytes) {
        sum.add(bytes);
        out.write_at(at, bytes.data(), bytes.size());
    });
    if (!whole || sum.hexadecimal() != label.sha256) {
        world::remove_file(to);
        refuse(name, "is damaged: its content is not what was written");
    }
    out.sync();
    return label;
}

void begin_after_restore(Engine& engine) {
    auto const writer = engine.writer();
    writer->begin_write();
    auto const first = read_head(*writer).revision + revisions_skipped;
    writer->execute("DELETE FROM store_feed");
    writer->execute("DELETE FROM store_marks");
    writer->execute("UPDATE store_head SET revision = ?1, feed_floor = ?1", first);
    writer->commit();
}

std::string staged_path(std::string const& path) { return path + ".restoring"; }

void commit_restore(std::string const& path) {
    auto const now = std::chrono::duration_cast<std::chrono::seconds>(world::wall_now().time_since_epoch());
    auto second = static_cast<std::time_t>(now.count());
    auto const named = [&](std::string_view what) {
        return fmt::format("{}{}{:%Y%m%dT%H%M%SZ}", path, what, fmt::gmtime(second));
    };
    if (world::file_exists(staged_path(path) + "-wal"))
        throw Error(Code::unavailable,
                    fmt::format("{} could not be written to its end; look at the disk, free space on "
                                "its file system, and restore again; nothing was changed",
                                staged_path(path)));
    while (world::file_exists(named(aside))) ++second; // two restores in one second
    world::rename_file(staged_path(path), named(committed));
    world::sync_directory(folder_of(path));
}

std::optional<std::string> finish_restore(std::string const& path) {
    auto const time = committed_at(path);
    if (time.empty()) return std::nullopt;
    auto const to = fmt::format("{}{}{}", path, aside, time);
    // The log goes with its database: beside another it would be taken for that one's. What only a running store needs
    // is not kept.
    world::remove_file(path + "-shm");
    for (std::string_view const part : {"-wal", ""})
        if (auto const from = path + std::string(part); world::file_exists(from))
            world::rename_file(from, to + std::string(part));
    world::sync_directory(folder_of(path)); // before the new one has the name
    world::rename_file(fmt::format("{}{}{}", path, committed, time), path);
    world::sync_directory(folder_of(path));
    return world::file_exists(to) ? to : std::string();
}

} // namespace volutus::kernel::store
