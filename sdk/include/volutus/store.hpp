// The store as a service's code sees it: structs in, structs out, and applies that are put together with '+'.
//
//     auto volume = store.require<Volume>(id);
//     store.apply(put(volume) + claim(project, "gigabytes", volume.id, volume.size) + start(make_volume, volume));
//
// put() of an object that was read expects the revision it was read at, put() of a new one that nothing is there, so
// no update is ever lost: the apply throws Code::precondition, and retry_on_conflict reads and tries again.
#pragma once

#include <volutus/contract/store.hpp>
#include <volutus/field.hpp>
#include <volutus/task.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace volutus {

struct Resource;

// What every struct of a resource derives from.
struct Stored {
    std::uint64_t stored_revision = 0; // of the document; 0 = not stored yet
    bool stored_removed = false;       // a tombstone
    json::object stored_rest;          // keys that this version of the plugin does not know, kept
};
template <class S> inline constexpr bool is_stored = std::is_base_of_v<Stored, S>;

// The object's id, from the row "id".
std::string id_of(Resource const& resource, void const* object);
// Between objects and documents.
json::object stored_form(Resource const& resource, void const* object);
void read_stored(Resource const& resource, store::Document&& document, void* object);

// An apply in the making.
class Writes {
public:
    store::Apply apply;

    Writes& operator+=(Writes&& more);
    friend Writes operator+(Writes left, Writes right) {
        left += std::move(right);
        return left;
    }
};

Writes put_object(Resource const& resource, void const* object);
Writes remove_object(Resource const& resource, void const* object);
template <class S, class = std::enable_if_t<is_stored<S>>> Writes put(S const& object) {
    return put_object(resource_of(&object), &object);
}
template <class S, class = std::enable_if_t<is_stored<S>>> Writes remove(S const& object) {
    return remove_object(resource_of(&object), &object);
}
Writes expect(std::string_view kind, std::string_view id, std::optional<std::uint64_t> revision);
Writes claim(std::string_view account, std::string_view resource, std::string_view consumer, std::int64_t amount);
// Of a project's quota. `limit` is the service's default, for a project whose limit nobody has set.
Writes claim_quota(std::string_view project, std::string_view resource, std::string_view consumer, std::int64_t amount,
                   std::int64_t limit);
// What an operator says a project may have (-1 = unlimited), and back to the service's default.
Writes set_quota(std::string_view project, std::string_view resource, std::int64_t limit);
Writes reset_quota(std::string_view project, std::string_view resource);
// All that the consumer holds, or only of one account or resource.
Writes release(std::string_view consumer, std::string_view account = {}, std::string_view resource = {});
Writes take(std::string_view pool, std::string_view consumer, std::int64_t first, std::int64_t last,
            std::optional<std::int64_t> wanted = {});
// The same, and the value is written into a document that is put in the same apply. The member must be there: give it
// some value first.
store::Into into_object(Resource const& resource, void const* object, std::string_view pointer, std::string_view base);
template <class S, class = std::enable_if_t<is_stored<S>>>
store::Into into(S const& object, std::string_view pointer, std::string_view base = {}) {
    return into_object(resource_of(&object), &object, pointer, base);
}
Writes take_into(store::Into into, std::string_view pool, std::string_view consumer, std::int64_t first,
                 std::int64_t last, std::optional<std::int64_t> wanted = {});
// All that the consumer holds of the pool, or one value of it.
Writes give_back(std::string_view pool, std::string_view consumer, std::optional<std::int64_t> value = {});
Writes set_account(store::SetAccount account);
Writes note(std::string_view topic, json::object body);
Writes start_task(std::string_view name, std::uint32_t version, std::string_view kind, std::string_view id,
                  json::object input);
// Starts a task on the object; input is what its steps see.
Writes start_on(std::string_view task, std::uint32_t version, Resource const& resource, void const* object,
                json::object input);
template <auto Failed, class... Rows, class S>
Writes start(TaskTable<Failed, Rows...> const& task, S const& object, json::object input = {}) {
    return start_on(task.name, task.version, resource_of(&object), &object, std::move(input));
}
// The same; a live task of that object is cancelled and undone first.
Writes replacing(Writes started);

store::Where where(std::string_view field, json::value value);
store::Where where(std::string_view field, store::Operator op, json::value value);

// Bound to a call; of one thread. Cheap to make.
class Store {
public:
    // Goes along with the applies of a request and may add to one: how Idempotency-Key is remembered together with what
    // it made. What board() throws is the apply's error.
    class Companion {
    public:
        virtual ~Companion() = default;
        virtual void board(store::Apply& apply) = 0;
        virtual void landed(store::Applied const& applied) = 0;
        virtual void refused(Error const& error) = 0;
    };

    Store(Host host, Call& call) : client_(host), call_(&call) {}

    template <class S> std::optional<S> get(std::string_view id) {
        return read<S>(get_document(resource_of(static_cast<S const*>(nullptr)), id));
    }
    // Throws not_found in plain words; Request::require uses the service's.
    template <class S> S require(std::string_view id) {
        auto const& resource = resource_of(static_cast<S const*>(nullptr));
        auto document = get_document(resource, id);
        if (!document) throw_missing(resource, id);
        return *read<S>(std::move(document));
    }
    // The first that matches.
    template <class S, class... Wheres> std::optional<S> find(Wheres... wheres) {
        store::Query query;
        query.where = {std::move(wheres)...};
        query.limit = 1;
        auto found = this->query<S>(std::move(query));
        if (found.empty()) return std::nullopt;
        return std::move(found.front());
    }
    // One page: the query's limit is at most 1,000. `kind` is filled in.
    template <class S> std::vector<S> query(store::Query query) {
        auto const& resource = resource_of(static_cast<S const*>(nullptr));
        std::vector<S> out;
        for (auto& document : page(resource, std::move(query)).documents)
            read_stored(resource, std::move(document), &out.emplace_back());
        return out;
    }
    // Every one that matches, page after page.
    template <class S, class... Wheres> std::vector<S> all(Wheres... wheres) {
        auto const& resource = resource_of(static_cast<S const*>(nullptr));
        std::vector<S> out;
        each_document(
            resource, {std::move(wheres)...},
            [](void* into, Resource const& from, store::Document&& document) {
                read_stored(from, std::move(document), &static_cast<std::vector<S>*>(into)->emplace_back());
            },
            &out);
        return out;
    }
    // Counting stops at 10,000.
    template <class S, class... Wheres> std::uint64_t count(Wheres... wheres) {
        return count_documents(resource_of(static_cast<S const*>(nullptr)), {std::move(wheres)...});
    }

    store::Applied apply(Writes writes);
    // The same for what a create needs beforehand and would be there without it too, such as a project's first group: a
    // create that is repeated does not take it for what it made.
    store::Applied prepare(Writes writes);
    void accompany(Companion* companion) { companion_ = companion; } // outlives the last apply; null: nobody
    // Puts and remembers the new revision in the object, so that it can be put again.
    template <class S> store::Applied save(S& object, Writes more = {}) {
        auto applied = apply(put(object) + std::move(more));
        object.stored_revision = applied.revision;
        return applied;
    }
    store::Accounts accounts(store::AccountQuery const& query) const;

    std::optional<store::Document> get_document(Resource const& resource, std::string_view id);
    store::Page page(Resource const& resource, store::Query query);
    Call& call() const { return *call_; }

private:
    using Visit = void (*)(void* into, Resource const& resource, store::Document&& document);
    template <class S> std::optional<S> read(std::optional<store::Document> document) {
        if (!document) return std::nullopt;
        std::optional<S> object(std::in_place);
        read_stored(resource_of(static_cast<S const*>(nullptr)), std::move(*document), &*object);
        return object;
    }
    void each_document(Resource const& resource, std::vector<store::Where> wheres, Visit visit, void* into);
    std::uint64_t count_documents(Resource const& resource, std::vector<store::Where> wheres);
    [[noreturn]] static void throw_missing(Resource const& resource, std::string_view id);

    Client<store::contract> client_;
    Call* call_;
    Companion* companion_ = nullptr;
    std::uint64_t seen_ = 0; // our own last write: reads must not show less
};

// Runs `body`, which reads and applies, again when another was faster; the last failure is thrown. A try fails only where
// another's went through, so that many writers of one document all come to their turn.
template <class Body> auto retry_on_conflict(Body body, int tries = 100) {
    while (true) {
        try {
            return body();
        } catch (Error const& error) {
            if (error.code() != Code::precondition || --tries <= 0) throw;
        }
    }
}

} // namespace volutus
