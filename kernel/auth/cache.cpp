#include <kernel/auth/cache.hpp>

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace volutus::kernel::auth {

ContextCache::ContextCache(std::size_t most_entries)
    : most_entries_(std::max<std::size_t>(1, most_entries / shard_count)) {}

std::size_t ContextCache::HashOfHash::operator()(TokenHash const& hash) const {
    std::size_t out = 0;
    std::memcpy(&out, hash.data(), sizeof out);
    return out;
}

ContextCache::TokenHash ContextCache::hash_of(std::string_view token) {
    TokenHash hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<unsigned char const*>(token.data()), token.size(),
                       nullptr, 0);
    return hash;
}

ContextCache::Shard& ContextCache::shard_of(TokenHash const& hash) { return shards_[hash.back() % shard_count]; }

std::shared_ptr<Caller const> ContextCache::find(std::string_view token) {
    auto const hash = hash_of(token);
    auto& shard = shard_of(hash);
    auto const now = world::wall_now().time_since_epoch().count();
    world::Lock const lock(shard.mutex);
    auto const found = shard.by_token.find(hash);
    if (found == shard.by_token.end()) return nullptr;
    auto const entry = found->second;
    if (entry->caller->context.expires <= now) {
        shard.erase(entry);
        return nullptr;
    }
    shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return entry->caller;
}

bool ContextCache::fill(std::string_view token, std::shared_ptr<Caller const> caller, std::vector<std::string> subjects,
                        std::uint64_t revision) {
    auto const hash = hash_of(token);
    auto& shard = shard_of(hash);
    world::Lock const lock(shard.mutex);
    if (shard.is_stale(subjects, revision)) return false;
    if (auto const present = shard.by_token.find(hash); present != shard.by_token.end()) {
        if (present->second->revision > revision) return true;
        shard.erase(present->second);
    }
    if (shard.entries.size() >= most_entries_) shard.erase(std::prev(shard.entries.end()));
    shard.entries.push_front({hash, std::move(caller), std::move(subjects), revision});
    auto const entry = shard.entries.begin();
    shard.by_token.emplace(hash, entry);
    for (auto const& subject : entry->subjects) shard.by_subject[subject].insert(&*entry);
    return true;
}

void ContextCache::evict(std::string_view subject, std::uint64_t revision) {
    std::string const name(subject);
    for (auto& shard : shards_) {
        world::Lock const lock(shard.mutex);
        shard.remember(name, revision);
        auto const found = shard.by_subject.find(name);
        if (found == shard.by_subject.end()) continue;
        std::vector<TokenHash> old;
        for (auto const* entry : found->second)
            if (entry->revision < revision) old.push_back(entry->token);
        for (auto const& token : old) shard.erase(shard.by_token.at(token));
    }
}

void ContextCache::clear(std::uint64_t revision) {
    for (auto& shard : shards_) {
        world::Lock const lock(shard.mutex);
        shard.floor = std::max(shard.floor, revision);
        std::erase_if(shard.changed, [&](auto const& change) { return change.second <= shard.floor; });
        shard.by_subject.clear();
        shard.by_token.clear();
        shard.entries.clear();
    }
}

std::size_t ContextCache::size() {
    std::size_t out = 0;
    for (auto& shard : shards_) {
        world::Lock const lock(shard.mutex);
        out += shard.entries.size();
    }
    return out;
}

void ContextCache::Shard::erase(Entries::iterator entry) {
    for (auto const& subject : entry->subjects) {
        auto const found = by_subject.find(subject);
        if (found == by_subject.end()) continue; // a subject named twice
        found->second.erase(&*entry);
        if (found->second.empty()) by_subject.erase(found);
    }
    by_token.erase(entry->token);
    entries.erase(entry);
}

void ContextCache::Shard::remember(std::string const& subject, std::uint64_t revision) {
    if (revision <= floor) return; // the floor says it already
    auto& last = changed[subject];
    last = std::max(last, revision);
    if (changed.size() <= most_changes) return;
    std::vector<std::uint64_t> revisions;
    revisions.reserve(changed.size());
    for (auto const& change : changed) revisions.push_back(change.second);
    auto const middle = revisions.begin() + static_cast<std::ptrdiff_t>(revisions.size() / 2);
    std::nth_element(revisions.begin(), middle, revisions.end());
    floor = std::max(floor, *middle);
    std::erase_if(changed, [this](auto const& change) { return change.second <= floor; });
}

bool ContextCache::Shard::is_stale(std::vector<std::string> const& subjects, std::uint64_t revision) const {
    if (revision < floor) return true;
    return std::any_of(subjects.begin(), subjects.end(), [&](auto const& subject) {
        auto const found = changed.find(subject);
        return found != changed.end() && revision < found->second;
    });
}

} // namespace volutus::kernel::auth
