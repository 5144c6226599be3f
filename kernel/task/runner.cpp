#include "kernel/task/runner.hpp"

#include "kernel/log/log.hpp"

#include <volutus/contract/task.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace volutus::kernel::task {

namespace contract = volutus::store;

namespace {
constexpr char const* kind = "kernel.task";
constexpr world::Duration grace = std::chrono::seconds(1); // after a step's deadline, before it counts as hanging

// Leaves a step whose task is no longer with this thread.
struct GivenUp {};

std::int64_t wall_microseconds() { return world::wall_now().time_since_epoch().count(); }
std::int64_t microseconds(world::Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// May the same step succeed when it is tried again?
bool is_passing(Code code) {
    switch (code) {
    case Code::unavailable:
    case Code::not_executed:
    case Code::unknown_outcome:
    case Code::deadline:
    case Code::precondition:
    case Code::stale: // the lease went to another runner; the commit finds out
    case Code::rate_limited: return true;
    default: return false;
    }
}

// What the task changes, whoever asked for it did.
json::object beginner_of(std::string const& id, TaskDocument const& document) {
    auto by = document.by.value_or(json::object());
    by["task_id"] = id;
    by["task"] = document.name;
    return by;
}
} // namespace

Runner::Runner(store::Store& store, plugin::Registry& registry, RunnerOptions options)
    : store_(store), registry_(registry), options_(std::move(options)),
      lease_name_(fmt::format("{}/{:016x}", options_.node, world::random_u64())) {}

Runner::~Runner() { stop(); }

void Runner::declare(std::string const& owner, plugin::TaskDeclaration const& task) {
    declared_[{owner, task.name, task.version}] = task;
}

void Runner::start() {
    auto const since = store_.revision(); // what changes while the list is read is seen in the feed
    take_up();
    threads_.emplace_back("task.follow", [this, since] { follow(since); });
    threads_.emplace_back("task.keep", [this] { keep(); });
    for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back("task.work", [this] { work(); });
}

void Runner::stop() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
        stopped_.notify_all();
    }
    store_.stop_waiting();
    threads_.clear();
}

void Runner::take_up() {
    contract::Query query;
    query.kind = kind;
    while (true) {
        auto const page = store_.query(query);
        for (auto const& document : page.documents) notice(document.id);
        if (!page.more) return;
        query.marker = page.documents.back().id;
    }
}

void Runner::follow(std::uint64_t since) {
    contract::Changes from;
    from.since = since;
    from.kinds = {kind};
    bool lost = false; // what was told since; then all tasks are looked at
    while (true) {
        try {
            if (std::exchange(lost, false)) {
                from.since = store_.revision();
                from.skip = 0;
                take_up();
            }
            auto const feed = store_.changes(from);
            for (auto const& entry : feed.entries)
                if (entry.change == contract::Change::put) notice(entry.id);
            from.since = feed.revision;
            from.skip = feed.skip;
        } catch (std::exception const& error) {
            {
                world::Lock lock(mutex_);
                if (stopping_) return;
            }
            log::write(Level::warning, "task", "the feed could not be read; listing the tasks again",
                       {{"error", error.what()}});
            lost = true;
            world::sleep_for(options_.first_pause);
        }
    }
}

// A task was put: by whoever started or cancelled it, or by this runner itself.
void Runner::notice(std::string const& id) {
    auto const document = store_.get({kind, id, 0});
    if (!document) return;
    auto const body = json::decode<TaskDocument>(document->body);
    world::Lock lock(mutex_);
    if (auto const found = running_.find(id); found != running_.end()) {
        if (document->revision != found->second->revision) again_.insert(id);
        auto const context = found->second->context;
        lock.unlock(); // telling may reach over a link
        if (context && body.cancel && body.phase == Phase::forward) context->cancelled.tell();
        return;
    }
    if (body.status == Status::waiting) return;
    schedule(id, body.cancel ? world::now() : instant_of(body.not_before));
}

world::Instant Runner::instant_of(std::int64_t wall) const {
    // Bounded, so that a clock that jumped cannot put a task off for days.
    auto const ahead = std::clamp<std::int64_t>(wall - wall_microseconds(), 0, microseconds(options_.longest_pause));
    return world::now() + std::chrono::microseconds(ahead);
}

// With mutex_ held.
void Runner::schedule(std::string const& id, world::Instant when) {
    if (auto const found = when_.find(id); found != when_.end()) {
        if (found->second <= when) return;
        due_.erase({found->second, id});
    }
    when_[id] = when;
    due_.insert({when, id});
    changed_.notify_one();
}

void Runner::work() {
    world::Lock lock(mutex_);
    while (!stopping_) {
        if (due_.empty()) {
            changed_.wait(lock);
            continue;
        }
        auto const when = due_.begin()->first;
        auto const id = due_.begin()->second;
        if (when > world::now()) {
            changed_.wait_until(lock, when,
                                [&, first = when] { return stopping_ || due_.empty() || due_.begin()->first < first; });
            continue;
        }
        due_.erase(due_.begin());
        when_.erase(id);
        // This thread is the one that may have slept for what comes next; while it is busy another has to.
        if (!due_.empty()) changed_.notify_one();
        lock.unlock();
        run_task(id);
        lock.lock();
    }
}

void Runner::run_task(std::string const& id) {
    auto const own = std::make_shared<Running>();
    auto& running = *own;
    {
        world::Lock lock(mutex_);
        if (!running_.emplace(id, own).second) return;
    }
    try {
        if (lease(id, running))
            while (advance(id, running)) {
                world::Lock lock(mutex_);
                if (stopping_) break;
            }
    } catch (GivenUp const&) {
        return; // another thread goes on with it
    } catch (std::exception const& error) {
        let_go(id, error);
    }
    world::Lock lock(mutex_);
    running_.erase(id);
    if (again_.erase(id) && !stopping_) schedule(id, world::now());
}

// The store refused: another runner holds the task now, or it cannot write. What is there is looked at again. While the
// store cannot write it says the same for every task, again and again; that is told once.
void Runner::let_go(std::string const& id, std::exception const& why) {
    auto const* refused = dynamic_cast<Error const*>(&why);
    bool const usual = refused && (refused->code() == Code::precondition || refused->code() == Code::cancelled);
    world::Lock lock(mutex_);
    bool const told = usual || std::exchange(refused_, why.what()) == why.what();
    schedule(id, world::now() + options_.first_pause);
    lock.unlock();
    log::write(told ? Level::debug : Level::warning, "task", "a task was let go",
               {{"task", id}, {"error", why.what()}});
}

bool Runner::lease(std::string const& id, Running& running) {
    auto const document = store_.get({kind, id, 0});
    if (!document) return false;
    auto body = json::decode<TaskDocument>(document->body);
    if (body.status == Status::waiting) return false;
    auto const now = wall_microseconds();
    bool const ours =
        body.lease.substr(0, body.lease.find('/')) == options_.node; // an earlier life of this node is gone
    if (body.status == Status::leased && !ours && body.lease_until > now) {
        world::Lock lock(mutex_);
        schedule(id, instant_of(body.lease_until));
        return false;
    }
    if (!body.cancel && body.not_before > now + microseconds(options_.longest_pause)) body.not_before = now;
    if (!body.cancel && body.not_before > now) {
        world::Lock lock(mutex_);
        schedule(id, instant_of(body.not_before));
        return false;
    }
    world::Lock lock(mutex_);
    running.revision = document->revision;
    running.document = std::move(body);
    lock.unlock();
    running.document.status = Status::leased;
    return commit(id, running, {});
}

// A task that somebody cancels meanwhile has another revision: the next commit is refused, and it is leased anew.
bool Runner::advance(std::string const& id, Running& running) {
    auto const& document = running.document;
    if (document.phase == Phase::forward) {
        if (document.cancel) return begin_undo(id, running, "cancelled");
        if (document.deadline && *document.deadline < wall_microseconds())
            return begin_undo(id, running, "its deadline has passed");
    }
    return call_step(id, running);
}

plugin::TaskDeclaration const& Runner::declaration_of(TaskDocument const& document) const {
    auto const found = declared_.find({document.owner, document.name, document.version});
    if (found == declared_.end())
        throw Error(Code::unavailable,
                    fmt::format("no plugin here runs task {} version {} of {}; is it enabled in conf.d?", document.name,
                                document.version, document.owner));
    return found->second;
}

// Calls the owner's step, or its failed() handler, and gives the outcome.
tasks::StepOutcome Runner::ask(std::string const& id, Running& running, std::string const& step, bool failed) {
    auto const& document = running.document;
    auto const shared = std::make_shared<plugin::CallContext>();
    auto& context = *shared;
    context.trace = "task-" + id;
    context.by = beginner_of(id, document);
    context.traceparent = document.traceparent.value_or("");
    context.tracer = options_.tracer;
    context.task = id;
    context.step = document.phase == Phase::undo ? "undo:" + step : step;
    context.attempt = document.attempt + 1;
    context.epoch = revision_of(running);
    context.deadline = world::now() + options_.step_limit;

    tasks::RunStep request;
    request.task = id;
    request.name = document.name;
    request.version = document.version;
    request.step = step;
    request.undo = document.phase == Phase::undo;
    request.kind = document.kind;
    request.resource = document.resource;
    request.input = document.input;
    request.state = document.state;
    request.error = document.error;

    trace::Started span(options_.tracer, context.traceparent);
    if (span) {
        span->name = fmt::format("{} {}", document.name, failed ? "failed" : context.step);
        span->attributes = {
            {"volutus.task", id}, {"volutus.kind", document.kind}, {"volutus.resource", document.resource}};
        context.traceparent = span->traceparent;
    }
    {
        world::Lock lock(mutex_);
        running.context = shared;
        running.calling = true;
    }
    auto const back = [&] {
        world::Lock lock(mutex_);
        running.calling = false;
        if (running.given_up) throw GivenUp();
    };
    plugin::CallFrame frame(context);
    Call call(&frame);
    Client<tasks::contract> owner(registry_.host(), document.owner);
    tasks::StepOutcome outcome;
    try {
        outcome =
            failed ? owner.call<&tasks::Steps::failed>(call, request) : owner.call<&tasks::Steps::run>(call, request);
    } catch (Error const& error) {
        span.end(error.what());
        back();
        throw;
    }
    span.end();
    back();
    return outcome;
}

bool Runner::call_step(std::string const& id, Running& running) {
    auto& document = running.document;
    if (document.phase == Phase::forward && document.attempt >= options_.tries && // the last one hung
        !declaration_of(document).until_done)
        return begin_undo(id, running, document.last_error.value_or("it was tried too often"));
    std::vector<std::string> const* steps = nullptr;
    tasks::StepOutcome outcome;
    try {
        steps = &steps_of(document);
        auto const step = std::clamp<std::int32_t>(document.step, 0, static_cast<std::int32_t>(steps->size()) - 1);
        outcome = ask(id, running, (*steps)[step], false);
    } catch (Error const& error) {
        // Somebody cancelled the task meanwhile: it is let go, and leased anew as one to be undone.
        if (error.code() == Code::cancelled && running.context && running.context->cancelled) throw;
        bool const undoing = document.phase == Phase::undo;
        if (undoing || !steps || (is_passing(error.code()) && document.attempt + 1 < options_.tries))
            return try_again(id, running, pause_after(document.attempt), error.what());
        return fail(id, running, error.what());
    }

    if (outcome.again_after) {
        document.state = std::move(outcome.state);
        auto const pause = std::chrono::microseconds(
            std::min<std::uint64_t>(*outcome.again_after, microseconds(options_.longest_pause)));
        document.not_before = wall_microseconds() + pause.count();
        if (!commit(id, running, std::move(outcome.apply))) return false;
        world::Lock lock(mutex_);
        schedule(id, world::now() + pause);
        return false;
    }

    auto const before = document;
    document.state = std::move(outcome.state);
    document.attempt = 0;
    document.last_error.reset();
    document.step += document.phase == Phase::forward ? 1 : -1;
    bool const ended = document.phase == Phase::forward ? document.step >= static_cast<std::int32_t>(steps->size())
                                                        : document.step < 0;
    try {
        return ended ? finish(id, running, std::move(outcome.apply)) : commit(id, running, std::move(outcome.apply));
    } catch (Error const& error) {
        // The store refused what the step wants to write. A lost race on the task itself ends up here too: the commit of
        // the retry then fails and the task is let go.
        document = before;
        if (document.phase == Phase::undo || (is_passing(error.code()) && document.attempt + 1 < options_.tries))
            return try_again(id, running, pause_after(document.attempt), error.what());
        return fail(id, running, error.what());
    }
}

bool Runner::fail(std::string const& id, Running& running, std::string const& reason) {
    auto& document = running.document;
    if (!declaration_of(document).until_done) return begin_undo(id, running, reason);
    document.error = reason;
    auto apply = tell(id, running);
    return try_again(id, running, pause_after(document.attempt), reason, std::move(apply));
}

bool Runner::begin_undo(std::string const& id, Running& running, std::string const& reason) {
    auto& document = running.document;
    document.phase = Phase::undo;
    document.attempt = 0;
    document.error = reason;
    // A cancelled task is being replaced: whoever cancelled it has told the resource what happens.
    contract::Apply apply;
    if (!document.cancel) apply = tell(id, running);
    auto const last = static_cast<std::int32_t>(steps_of(document).size()) - 1;
    document.step = std::min(document.step, last);
    return commit(id, running, std::move(apply));
}

contract::Apply Runner::tell(std::string const& id, Running& running) {
    auto& document = running.document;
    try {
        auto outcome = ask(id, running, steps_of(document).at(0), true);
        document.state = std::move(outcome.state);
        return std::move(outcome.apply);
    } catch (Error const& error) {
        log::write(Level::error, "task", "the reason of a failure could not be told to its resource",
                   {{"task", id}, {"resource", document.resource}, {"error", error.what()}});
        return {};
    }
}

bool Runner::try_again(std::string const& id, Running& running, world::Duration pause, std::string const& reason,
                       contract::Apply apply) {
    auto& document = running.document;
    ++document.attempt;
    document.last_error = reason;
    document.not_before = wall_microseconds() + microseconds(pause);
    if (!commit(id, running, std::move(apply))) return false;
    world::Lock lock(mutex_);
    schedule(id, world::now() + pause);
    return false;
}

world::Duration Runner::pause_after(std::uint64_t attempt) const {
    auto const doubled = options_.first_pause * (1LL << std::min<std::uint64_t>(attempt, 20));
    auto const bounded = std::min<world::Duration>(doubled, options_.longest_pause);
    // Spread over half of it, so that what failed together is not tried again together.
    return bounded / 2 + world::Duration(static_cast<std::int64_t>(
                             world::random_u64() % static_cast<std::uint64_t>(bounded.count() / 2 + 1)));
}

bool Runner::finish(std::string const& id, Running& running, contract::Apply apply) {
    auto const& document = running.document;
    store::KernelPart own;
    own.remove.push_back({kind, id});
    contract::Query waiting;
    waiting.kind = kind;
    waiting.where = {{"resource", contract::Operator::eq, json::value(document.resource)}};
    waiting.limit = 100;
    for (auto const& other : store_.query(waiting).documents) {
        auto body = json::decode<TaskDocument>(other.body);
        if (body.status != Status::waiting || body.kind != document.kind) continue;
        body.status = Status::ready;
        body.live = document.live;
        apply.expect.push_back({kind, other.id, other.revision});
        own.put.push_back({kind, other.id, json::encode_struct(body)});
        break;
    }
    write(id, running, std::move(apply), std::move(own));
    return false;
}

bool Runner::commit(std::string const& id, Running& running, contract::Apply apply) {
    auto& document = running.document;
    document.lease = lease_name_;
    document.lease_until = wall_microseconds() + microseconds(options_.lease);
    store::KernelPart own;
    own.put.push_back({kind, id, json::encode_struct(document)});
    write(id, running, std::move(apply), std::move(own));
    return true;
}

// One apply that holds as long as nobody else wrote the task. A renewal of the lease may come between: then it is made
// again upon the renewed document.
void Runner::write(std::string const& id, Running& running, contract::Apply apply, store::KernelPart own) {
    own.by = beginner_of(id, running.document);
    own.by["plugin"] = running.document.owner;
    auto& expected = apply.expect.emplace_back(contract::Expect{kind, id, {}});
    while (true) {
        expected.revision = revision_of(running);
        try {
            auto const applied = store_.apply(running.document.owner, apply, own);
            world::Lock lock(mutex_);
            running.revision = applied.revision;
            refused_.clear();
            return;
        } catch (Error const& error) {
            if (error.code() != Code::precondition || revision_of(running) == *expected.revision) throw;
        }
    }
}

std::uint64_t Runner::revision_of(Running const& running) {
    world::Lock lock(mutex_);
    return running.revision;
}

void Runner::keep() {
    auto const period = options_.lease / 3;
    world::Lock lock(mutex_);
    while (true) {
        if (stopped_.wait_until(lock, world::now() + period, [this] { return stopping_; })) return;
        std::vector<std::string> held;
        for (auto const& [id, running] : running_) held.push_back(id);
        lock.unlock();
        for (auto const& id : held) renew_one(id);
        give_up_overdue();
        lock.lock();
    }
}

void Runner::give_up_overdue() {
    std::vector<std::pair<std::string, Running>> overdue;
    {
        world::Lock lock(mutex_);
        for (auto at = running_.begin(); at != running_.end();) {
            auto& running = *at->second;
            if (!running.calling || world::now() < running.context->deadline + grace) {
                ++at;
                continue;
            }
            running.given_up = true;
            overdue.emplace_back(at->first, running);
            at = running_.erase(at);
            if (!stopping_)
                threads_.emplace_back("task.work", [this] { work(); }); // in the place of the one that hangs
        }
    }
    for (auto& [id, running] : overdue) {
        running.context->cancelled.tell();
        running.context->give_up();
        running.calling = running.given_up = false;
        auto const reason = fmt::format("step {} did not come back within {} s", running.context->step,
                                        std::chrono::duration_cast<std::chrono::seconds>(options_.step_limit).count());
        log::write(Level::error, "task", "a step hangs, and is given up",
                   {{"task", id}, {"resource", running.document.resource}, {"step", running.context->step}});
        try {
            if (!try_again(id, running, options_.first_pause, reason)) continue;
        } catch (std::exception const& error) { // cancelled meanwhile, or taken over
            let_go(id, error);
        }
    }
}

void Runner::renew_one(std::string const& id) {
    try {
        auto const document = store_.get({kind, id, 0});
        if (!document) return;
        auto body = json::decode<TaskDocument>(document->body);
        auto const until = wall_microseconds() + microseconds(options_.lease);
        if (body.lease != lease_name_ || until - body.lease_until < microseconds(options_.lease) / 2) return;
        body.lease_until = until;
        contract::Apply apply;
        apply.expect.push_back({kind, id, document->revision});
        apply.put.push_back({kind, id, json::encode_struct(body)});
        auto const applied = store_.apply("", apply);
        world::Lock lock(mutex_);
        auto const found = running_.find(id);
        if (found != running_.end() && found->second->revision == document->revision)
            found->second->revision = applied.revision;
    } catch (std::exception const& error) {
        log::write(Level::warning, "task", "a lease could not be renewed", {{"task", id}, {"error", error.what()}});
    }
}

} // namespace volutus::kernel::task
