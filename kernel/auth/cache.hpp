// The context cache: from a token's text to the caller behind it, so that a request costs no call to identity.
//
// It never answers with a context that is older than a change it was told of. An entry knows the revision it was filled
// at and the subjects it rests on; evict() removes what rests on a subject and remembers the change, so that a fill
// that was read before the change but comes after it is dropped (DESIGN section 7).
#pragma once

#include <kernel/auth/context.hpp>
#include <volutus/world.hpp>

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace volutus::kernel::auth {

// Any thread. Sharded by token; each shard drops its least recently used entry when it is full.
class ContextCache {
public:
    explicit ContextCache(std::size_t most_entries);
    ContextCache(ContextCache const&) = delete;
    ContextCache& operator=(ContextCache const&) = delete;

    // Null: not there, or expired. The caller may be used for the whole of the request.
    std::shared_ptr<Caller const> find(std::string_view token);

    // `revision` is that of the state the context was read from; `subjects` are what evict() will be told, as a rule
    // subjects_of(context). False when it was dropped: a subject has changed since, or may have. The context is still
    // good for the request that read it, if that came before the change.
    bool fill(std::string_view token, std::shared_ptr<Caller const> caller, std::vector<std::string> subjects,
              std::uint64_t revision);

    // The subject changed at `revision`: once this returns, no find() gives a context that is older.
    void evict(std::string_view subject, std::uint64_t revision);

    // Everything changed at `revision`: keys were rotated, or the feed was lost.
    void clear(std::uint64_t revision);

    std::size_t size();

private:
    static constexpr std::size_t shard_count = 16;
    // Changes remembered in a shard. When there are more, the older half becomes the floor: a revision below which
    // every fill is dropped, whatever it rests on.
    static constexpr std::size_t most_changes = 4096;

    using TokenHash = std::array<unsigned char, 32>; // BLAKE2b: the cache keeps no token
    struct HashOfHash {
        std::size_t operator()(TokenHash const& hash) const;
    };
    struct Entry {
        TokenHash token;
        std::shared_ptr<Caller const> caller;
        std::vector<std::string> subjects;
        std::uint64_t revision;
    };
    using Entries = std::list<Entry>;

    struct alignas(64) Shard {
        world::Mutex mutex;
        Entries entries; // the most recently used first
        std::unordered_map<TokenHash, Entries::iterator, HashOfHash> by_token;
        std::unordered_map<std::string, std::unordered_set<Entry*>> by_subject;
        std::unordered_map<std::string, std::uint64_t> changed;
        std::uint64_t floor = 0;

        void erase(Entries::iterator entry);
        void remember(std::string const& subject, std::uint64_t revision);
        bool is_stale(std::vector<std::string> const& subjects, std::uint64_t revision) const;
    };

    static TokenHash hash_of(std::string_view token);
    Shard& shard_of(TokenHash const& hash);

    std::size_t most_entries_; // of a shard
    std::array<Shard, shard_count> shards_;
};

} // namespace volutus::kernel::auth
