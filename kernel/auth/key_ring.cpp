#include <kernel/auth/key_ring.hpp>

#include <kernel/config/secret_file.hpp>
#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t most_digits = 9;

std::uint32_t id_of(Key::Bytes const& bytes) {
    constexpr std::string_view purpose = "volutus token key id";
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash(hash, sizeof hash, reinterpret_cast<unsigned char const*>(purpose.data()), purpose.size(),
                       bytes.data(), bytes.size());
    std::uint32_t id = 0;
    std::memcpy(&id, hash, sizeof id);
    return id;
}

std::string path_of(std::string const& directory, std::uint64_t number) {
    return fmt::format("{}/{}", directory, number);
}

std::optional<std::uint64_t> number_of(std::string const& name) {
    std::uint64_t number = 0;
    auto const* end = name.data() + name.size();
    auto const [rest, error] = std::from_chars(name.data(), end, number);
    bool const canonical =
        error == std::errc() && rest == end && name.size() <= most_digits && (name.size() == 1 || name[0] != '0');
    return canonical ? std::optional(number) : std::nullopt;
}

// Ascending.
std::vector<std::uint64_t> numbers_in(std::string const& directory) {
    std::vector<std::uint64_t> numbers;
    for (auto const& name : world::list_directory(directory))
        if (auto const number = number_of(name)) numbers.push_back(*number);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

Key read_key(std::string const& directory, std::uint64_t number) {
    auto const path = path_of(directory, number);
    auto text = config::read_secret(path);
    Key::Bytes bytes{};
    std::size_t size = 0;
    char const* end = nullptr;
    bool const decoded =
        sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, &end) == 0;
    auto const rest = decoded ? std::string_view(text).substr(static_cast<std::size_t>(end - text.data())) : "?";
    bool const whole = size == bytes.size() && (rest.empty() || rest == "\n");
    sodium_memzero(text.data(), text.size());
    if (!whole)
        throw Error(Code::invalid,
                    fmt::format("{} holds no key; {} bytes in hexadecimal are expected", path, key_bytes));
    Key key(number, bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return key;
}

void write_new_key(std::string const& directory, std::uint64_t number) {
    Key::Bytes bytes{};
    world::random_bytes(bytes.data(), bytes.size());
    std::string text(2 * bytes.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.back() = '\n';
    auto const temporary = directory + "/.new";
    world::remove_file(temporary); // one that a crash left may have another mode
    world::File file(temporary, world::File::Mode::create);
    file.write_at(0, text.data(), text.size());
    file.sync();
    world::rename_file(temporary, path_of(directory, number));
    world::sync_directory(directory);
    sodium_memzero(bytes.data(), bytes.size());
    sodium_memzero(text.data(), text.size());
}

// When the keys were made or last rotated, which is when the staged one was written; 1970 when there is none.
world::WallTime rotated_at(std::string const& directory) {
    struct stat status{};
    if (::stat(path_of(directory, 0).c_str(), &status) != 0) return {};
    auto const since_1970 =
        std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
    return world::WallTime(std::chrono::duration_cast<world::WallTime::duration>(since_1970));
}

// Held while the directory is read (LOCK_SH) or changed (LOCK_EX); a process that dies lets go.
class DirectoryLock {
public:
    DirectoryLock(std::string const& directory, int how)
        : handle_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        int locked = -1;
        while (handle_ >= 0 && (locked = ::flock(handle_, how)) != 0 && errno == EINTR) {
        }
        if (locked == 0) return;
        auto const why = errno;
        if (handle_ >= 0) ::close(handle_);
        throw std::system_error(why, std::generic_category(), directory);
    }
    DirectoryLock(DirectoryLock const&) = delete;
    DirectoryLock& operator=(DirectoryLock const&) = delete;
    ~DirectoryLock() { ::close(handle_); }

private:
    int handle_;
};

// File errors as the operator should read them.
template <class Body> auto on_directory(std::string const& directory, Body body) {
    try {
        return body();
    } catch (std::system_error const& error) {
        throw Error(Code::invalid,
                    fmt::format("the directory of token keys {} cannot be used: {}", directory, error.what()));
    }
}
} // namespace

Key::Key(std::uint64_t number, Bytes const& bytes) : number_(number), id_(id_of(bytes)), bytes_(bytes) {}

Key::~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }

KeyRing::KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {
    if (keys_.empty()) throw Error(Code::invalid, "a ring of token keys needs at least one key");
    std::sort(keys_.begin(), keys_.end(), [](Key const& a, Key const& b) { return a.number() > b.number(); });
}

KeyRing KeyRing::load(std::string const& directory) {
    return on_directory(directory, [&] {
        DirectoryLock const lock(directory, LOCK_SH);
        std::vector<Key> keys;
        for (auto const number : numbers_in(directory)) keys.push_back(read_key(directory, number));
        if (keys.empty())
            throw Error(Code::invalid, fmt::format("{} holds no token keys; create them first", directory));
        return KeyRing(std::move(keys));
    });
}

void KeyRing::create(std::string const& directory) {
    on_directory(directory, [&] {
        if (!world::file_exists(directory)) {
            world::make_directory(directory);
            ::chmod(directory.c_str(), 0700);
        }
        DirectoryLock const lock(directory, LOCK_EX);
        auto const present = numbers_in(directory);
        auto const has = [&](std::uint64_t number) {
            return std::binary_search(present.begin(), present.end(), number);
        };
        if (present.empty() || present.back() == 0) write_new_key(directory, 1);
        if (!has(0)) write_new_key(directory, 0);
    });
}

bool KeyRing::rotate(std::string const& directory, std::size_t keep, std::chrono::milliseconds at_age) {
    return on_directory(directory, [&] {
        DirectoryLock const lock(directory, LOCK_EX);
        if (at_age.count() > 0 && world::wall_now() < rotated_at(directory) + at_age) return false;
        auto numbers = numbers_in(directory);
        if (numbers.empty()) throw Error(Code::invalid, fmt::format("{} holds no token keys to rotate", directory));
        auto const next = numbers.back() + 1;
        if (numbers.front() == 0) {
            world::rename_file(path_of(directory, 0), path_of(directory, next));
            world::sync_directory(directory);
            numbers.erase(numbers.begin());
        } else {
            write_new_key(directory, next); // a crash took the staged key
        }
        numbers.push_back(next);
        write_new_key(directory, 0);
        auto const most = std::max<std::size_t>(keep, 3) - 1; // beside the staged one
        for (std::size_t i = 0; i + most < numbers.size(); ++i) world::remove_file(path_of(directory, numbers[i]));
        world::sync_directory(directory);
        return true;
    });
}

} // namespace volutus::kernel::auth
