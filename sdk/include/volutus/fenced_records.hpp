// What a driver has to remember through crashes: for each resource the highest epoch that it obeyed, and a body of its
// own. A call with a lower epoch is refused as stale, also after the resource is gone: a removed record stays as a
// tombstone. Without this a call that was delayed on its way could undo what a later task did.
//
//     auto record = records.hold(id, call.operation());   // refuses a stale call; nobody else has this id meanwhile
//     ... work on the backend ...
//     record.write({{"size", 3}});                        // durable when it returns
//
// One file a resource, replaced atomically. Any thread.
#pragma once

#include <volutus/call.hpp>
#include <volutus/json.hpp>
#include <volutus/world.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace volutus {

class FencedRecords {
public:
    // Makes the directory; half-written files of an earlier life are dropped.
    explicit FencedRecords(std::string directory);

    // One record, held. Lets go of it at the end of its life.
    class Held {
    public:
        Held(Held&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), id_(std::move(other.id_)), epoch_(other.epoch_),
              body_(std::move(other.body_)) {}
        Held& operator=(Held&&) = delete;
        ~Held();
        std::optional<json::object> const& body() const { return body_; } // none: never there, or removed
        void write(json::object body);
        void remove();

    private:
        friend class FencedRecords;
        Held(FencedRecords& owner, std::string id, std::uint64_t epoch, std::optional<json::object> body)
            : owner_(&owner), id_(std::move(id)), epoch_(epoch), body_(std::move(body)) {}
        FencedRecords* owner_;
        std::string id_;
        std::uint64_t epoch_;
        std::optional<json::object> body_;
    };

    // Waits for whoever holds it. A higher epoch than the one known is made durable before this returns; epoch 0, a call
    // outside any task, is not fenced. Ids are 1 to 200 of letters, digits, '.', '_' and '-' (Code::invalid).
    Held hold(std::string const& id, Operation const& operation);

    std::optional<json::object> read(std::string const& id) const;
    std::vector<std::string> present() const; // ids that have a body, sorted

private:
    struct Record {
        std::uint64_t epoch = 0;
        std::optional<json::object> body;
    };
    Record load(std::string const& id) const;
    void store(std::string const& id, Record const& record);
    void let_go(std::string const& id);

    std::string directory_;
    world::Mutex mutex_;
    world::Condition let_go_;
    std::set<std::string> held_;
};

} // namespace volutus
