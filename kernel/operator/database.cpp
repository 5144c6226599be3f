#include "kernel/operator/database.hpp"

#include "kernel/daemon/state_lock.hpp"
#include "kernel/events/webhooks.hpp"
#include "kernel/operator/client.hpp"
#include "kernel/store/backup.hpp"

#include <volutus/codec.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::kernel::operators {

namespace {

// A new file, which is gone with this object unless it was kept.
class PartialFile {
public:
    explicit PartialFile(std::string path)
        : path_(std::move(path)), handle_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
        if (handle_ >= 0) return;
        if (errno == EEXIST)
            throw Error(Code::conflict, fmt::format("{} is there already: another backup is being made, or one was "
                                                    "interrupted; then remove it",
                                                    path_));
        throw Error(Code::unavailable, fmt::format("{} cannot be made: {}", path_, std::strerror(errno)));
    }
    PartialFile(PartialFile const&) = delete;
    PartialFile& operator=(PartialFile const&) = delete;
    ~PartialFile() {
        ::close(handle_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    int handle() const { return handle_; }
    std::string const& path() const { return path_; }
    void keep_as(std::string const& name) {
        world::rename_file(path_, name);
        path_.clear();
        auto const slash = name.rfind('/');
        world::sync_directory(slash == std::string::npos ? "." : name.substr(0, slash + 1));
    }

private:
    std::string path_;
    int handle_;
};

// Sends the file's descriptor and takes the daemon's document.
class Copied final : public Answer {
public:
    explicit Copied(int handle) : handle_(handle) {}
    void document(json::object const& whole) override { told_ = whole; }
    void columns(std::vector<std::string> const&) override {}
    void row(json::array const&) override {}
    void fail() override {}
    bool gone() override { return false; }
    int file() override { return handle_; }
    std::string engine() const { return json::text(told_.at("engine")); }

private:
    int handle_;
    json::object told_;
};

void act_as_owner_of(std::string const& directory) {
    struct stat status{};
    if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0 || status.st_uid == 0) return;
    if (::setgroups(0, nullptr) != 0 || ::setegid(status.st_gid) != 0 || ::seteuid(status.st_uid) != 0)
        throw Error(Code::unavailable, fmt::format("cannot act as the owner of {} (user {}): {}", directory,
                                                   status.st_uid, std::strerror(errno)));
}

void discard(std::string const& database) {
    for (auto const* part : {"-wal", "-shm", ""}) world::remove_file(database + part);
}

store::Options at(daemon::Setup const& setup, std::string const& path) {
    auto options = setup.store;
    options.database.path = path;
    return options;
}

void declare_all(daemon::Setup const& setup, store::Store& store) {
    events::declare_webhooks(store);
    for (auto const& plan : setup.plugins) store.declare(plan.manifest.id, plan.manifest.kinds);
}

std::string told(volutus::store::Kind const& kind) { return fmt::format("schema {}", kind.schema); }

// The rows of what one kind became; nothing when it stayed what it was.
void tell_change(std::vector<volutus::store::Kind> const& before, volutus::store::Kind const& now, Answer& answer) {
    auto const what = "kind " + now.name;
    for (auto const& kind : before) {
        if (kind.name != now.name) continue;
        if (json::encode(kind) == json::encode(now)) return;
        auto const same = kind.schema == now.schema;
        return answer.row({what, told(kind), told(now) + (same ? ", declared anew" : "")});
    }
    answer.row({what, "", told(now)});
}

} // namespace

void back_up(std::string const& socket, std::string const& file, Answer& answer) {
    if (world::file_exists(file))
        throw Error(Code::conflict, fmt::format("{} is there already; name a new file, or move that one away", file));
    PartialFile partial(file + ".partial");
    Copied copied(partial.handle());
    AdminClient(socket).ask({{"command", "db backup"}}, copied);
    auto const sealed = store::seal_backup(copied.engine(), partial.path());
    partial.keep_as(file);
    answer.document({{"file", file}, {"revision", sealed.revision}, {"bytes", sealed.bytes}});
}

void restore(daemon::Setup const& setup, std::string const& file, Answer& answer) {
    world::File const backup(file, world::File::Mode::read);
    act_as_owner_of(setup.state_directory);
    daemon::StateLock const lock(setup.state_directory);
    auto const& path = setup.store.database.path;
    store::finish_restore(path); // one that was interrupted comes first
    auto const staged = store::staged_path(path);
    discard(staged); // what an earlier one left
    auto const label = store::unpack_backup(backup, file, staged);
    std::uint64_t revision = 0;
    try {
        store::check_format(file, label, setup.store.program);
        auto const engine = store::open_engine(setup.store.engine, {.path = staged});
        store::begin_after_restore(*engine);
        // Whatever the daemon would refuse when it starts is refused here, before anything is replaced.
        store::Store store(at(setup, staged));
        declare_all(setup, store);
        revision = store.revision();
    } catch (...) {
        discard(staged);
        throw;
    }
    store::commit_restore(path);
    auto const aside = store::finish_restore(path);
    answer.document({{"restored", file},
                     {"revision", revision},
                     {"made_by", "volutusd " + label.program},
                     {"kept_aside", aside && !aside->empty() ? *aside : "nothing: there was no store"}});
}

void migrate(daemon::Setup const& setup, Answer& answer) {
    auto const& path = setup.store.database.path;
    if (!world::file_exists(path))
        throw Error(Code::not_found,
                    fmt::format("there is no store at {}; volutusd makes one when it first starts", path));
    act_as_owner_of(setup.state_directory);
    daemon::StateLock const lock(setup.state_directory);
    store::finish_restore(path);
    auto const before = store::read_label(setup.store.engine, {.path = path});
    store::Store store(setup.store);
    auto const kinds = store.kinds();
    declare_all(setup, store);
    answer.columns({"what", "was", "is"});
    if (before && before->format != store::newest_format)
        answer.row({"store", fmt::format("format {}", before->format), fmt::format("format {}", store::newest_format)});
    for (auto const& now : store.kinds()) tell_change(kinds, now, answer);
}

} // namespace volutus::kernel::operators
