#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace volutus {

namespace {

template <class T> void append(std::vector<T>& to, std::vector<T>&& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::uint64_t revision_of(Resource const& resource, void const* object) {
    return resource.stored(const_cast<void*>(object))->stored_revision; // only read
}

Writes expecting(Resource const& resource, void const* object, std::string const& id) {
    auto const revision = revision_of(resource, object);
    return expect(resource.kind_name, id, revision ? std::optional(revision) : std::nullopt);
}

} // namespace

std::string id_of(Resource const& resource, void const* object) {
    auto const* row = resource.fields.find("id");
    if (!row || !row->stored())
        throw Error(Code::internal, "the resource " + std::string(resource.noun) + " has no field \"id\"");
    auto const value = row->type->encode(row->at(const_cast<void*>(object))); // `at` only computes an address
    return value.is_string() ? json::text(value) : json::print(value);
}

json::object stored_form(Resource const& resource, void const* object) {
    auto body = encode(resource.fields, object);
    for (auto const& [key, value] : resource.stored(const_cast<void*>(object))->stored_rest)
        if (!body.contains(key)) body.emplace(key, value);
    return body;
}

void read_stored(Resource const& resource, store::Document&& document, void* object) {
    decode(resource.fields, document.body, object, json::Path{}, json::Unknown::ignored);
    auto& stored = *resource.stored(object);
    stored.stored_revision = document.revision;
    stored.stored_removed = document.removed;
    for (auto& [key, value] : document.body)
        if (!resource.fields.find(key)) stored.stored_rest.emplace(key, std::move(value));
}

Writes& Writes::operator+=(Writes&& more) {
    append(apply.expect, std::move(more.apply.expect));
    append(apply.put, std::move(more.apply.put));
    append(apply.remove, std::move(more.apply.remove));
    append(apply.set, std::move(more.apply.set));
    append(apply.claim, std::move(more.apply.claim));
    append(apply.release, std::move(more.apply.release));
    append(apply.take, std::move(more.apply.take));
    append(apply.give_back, std::move(more.apply.give_back));
    append(apply.tasks, std::move(more.apply.tasks));
    append(apply.notes, std::move(more.apply.notes));
    return *this;
}

Writes put_object(Resource const& resource, void const* object) {
    auto id = id_of(resource, object);
    if (id.empty()) throw Error(Code::internal, "a " + std::string(resource.noun) + " needs an id before it is put");
    auto writes = expecting(resource, object, id);
    writes.apply.put.push_back({std::string(resource.kind_name), std::move(id), stored_form(resource, object)});
    return writes;
}

Writes remove_object(Resource const& resource, void const* object) {
    auto id = id_of(resource, object);
    auto writes = revision_of(resource, object) ? expecting(resource, object, id) : Writes{};
    writes.apply.remove.push_back({std::string(resource.kind_name), std::move(id)});
    return writes;
}

Writes expect(std::string_view kind, std::string_view id, std::optional<std::uint64_t> revision) {
    Writes writes;
    writes.apply.expect.push_back({std::string(kind), std::string(id), revision});
    return writes;
}

Writes claim(std::string_view account, std::string_view resource, std::string_view consumer, std::int64_t amount) {
    Writes writes;
    writes.apply.claim.push_back({std::string(account), std::string(resource), std::string(consumer), amount, {}});
    return writes;
}

Writes claim_quota(std::string_view project, std::string_view resource, std::string_view consumer, std::int64_t amount,
                   std::int64_t limit) {
    auto writes = claim(project, resource, consumer, amount);
    writes.apply.claim.back().limit = limit;
    return writes;
}

Writes set_quota(std::string_view project, std::string_view resource, std::int64_t limit) {
    Writes writes;
    auto& account = writes.apply.set.emplace_back();
    account.account = project;
    account.resource = resource;
    account.total = limit;
    account.quota = true;
    return writes;
}

Writes reset_quota(std::string_view project, std::string_view resource) {
    Writes writes;
    auto& account = writes.apply.set.emplace_back();
    account.account = project;
    account.resource = resource;
    account.inherited = true;
    return writes;
}

Writes release(std::string_view consumer, std::string_view account, std::string_view resource) {
    Writes writes;
    writes.apply.release.push_back({std::string(account), std::string(resource), std::string(consumer)});
    return writes;
}

Writes take(std::string_view pool, std::string_view consumer, std::int64_t first, std::int64_t last,
            std::optional<std::int64_t> wanted) {
    Writes writes;
    writes.apply.take.push_back({std::string(pool), std::string(consumer), first, last, wanted, {}});
    return writes;
}

store::Into into_object(Resource const& resource, void const* object, std::string_view pointer, std::string_view base) {
    return {std::string(resource.kind_name), id_of(resource, object), std::string(pointer), std::string(base)};
}

Writes take_into(store::Into into, std::string_view pool, std::string_view consumer, std::int64_t first,
                 std::int64_t last, std::optional<std::int64_t> wanted) {
    auto writes = take(pool, consumer, first, last, wanted);
    writes.apply.take.back().into = std::move(into);
    return writes;
}

Writes give_back(std::string_view pool, std::string_view consumer, std::optional<std::int64_t> value) {
    Writes writes;
    auto& row = writes.apply.give_back.emplace_back();
    row.pool = pool;
    row.consumer = consumer;
    row.value = value;
    return writes;
}

Writes set_account(store::SetAccount account) {
    Writes writes;
    writes.apply.set.push_back(std::move(account));
    return writes;
}

Writes note(std::string_view topic, json::object body) {
    Writes writes;
    writes.apply.notes.push_back({std::string(topic), std::move(body)});
    return writes;
}

Writes start_task(std::string_view name, std::uint32_t version, std::string_view kind, std::string_view id,
                  json::object input) {
    Writes writes;
    auto& task = writes.apply.tasks.emplace_back();
    task.id = new_uuid();
    task.name = name;
    task.version = version;
    task.kind = kind;
    task.resource = id;
    task.input = std::move(input);
    return writes;
}

Writes start_on(std::string_view task, std::uint32_t version, Resource const& resource, void const* object,
                json::object input) {
    return start_task(task, version, resource.kind_name, id_of(resource, object), std::move(input));
}

Writes replacing(Writes started) {
    started.apply.tasks.back().replaces = true;
    return started;
}

store::Where where(std::string_view field, json::value value) {
    auto const op = value.is_array() ? store::Operator::in : store::Operator::eq;
    return {std::string(field), op, std::move(value)};
}
store::Where where(std::string_view field, store::Operator op, json::value value) {
    return {std::string(field), op, std::move(value)};
}

store::Applied Store::apply(Writes writes) {
    if (!companion_) return prepare(std::move(writes));
    companion_->board(writes.apply);
    try {
        auto applied = prepare(std::move(writes));
        companion_->landed(applied);
        return applied;
    } catch (Error const& error) {
        companion_->refused(error);
        throw;
    }
}

store::Applied Store::prepare(Writes writes) {
    auto applied = client_.call<&store::Store::apply>(*call_, writes.apply);
    seen_ = std::max(seen_, applied.revision);
    return applied;
}

store::Accounts Store::accounts(store::AccountQuery const& query) const {
    return client_.call<&store::Store::accounts>(*call_, query);
}

std::optional<store::Document> Store::get_document(Resource const& resource, std::string_view id) {
    // What cannot be an id is not there; the store would refuse it as malformed.
    if (id.empty() || id.size() > 255 || id.find('\0') != id.npos) return std::nullopt;
    return client_.call<&store::Store::get>(*call_,
                                            store::Get{std::string(resource.kind_name), std::string(id), seen_});
}

store::Page Store::page(Resource const& resource, store::Query query) {
    query.kind = resource.kind_name;
    query.at_least = std::max(query.at_least, seen_);
    return client_.call<&store::Store::query>(*call_, query);
}

void Store::each_document(Resource const& resource, std::vector<store::Where> wheres, Visit visit, void* into) {
    store::Query query;
    query.where = std::move(wheres);
    while (true) {
        auto found = page(resource, query);
        if (!found.documents.empty()) query.marker = found.documents.back().id;
        for (auto& document : found.documents) visit(into, resource, std::move(document));
        if (!found.more || found.documents.empty()) return;
    }
}

std::uint64_t Store::count_documents(Resource const& resource, std::vector<store::Where> wheres) {
    store::Count question;
    question.kind = resource.kind_name;
    question.where = std::move(wheres);
    return client_.call<&store::Store::count>(*call_, question).count;
}

void Store::throw_missing(Resource const& resource, std::string_view id) {
    throw Error(Code::not_found, "there is no " + std::string(resource.noun) + " " + std::string(id));
}

} // namespace volutus
