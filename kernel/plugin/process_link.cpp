#include "kernel/plugin/process_link.hpp"

#include "kernel/log/log.hpp"
#include "kernel/plugin/process_session.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace volutus::kernel::plugin {

namespace {
// For a process that closed its socket to end by itself, so that its own reason is told.
constexpr auto to_end = std::chrono::seconds(1);
// Own calls of a plugin that wait for a thread of the kernel.
constexpr std::size_t longest_queue = 64;

std::vector<std::string> arguments_of(ProcessOptions const& options) {
    std::vector<std::string> arguments{"--threads", std::to_string(options.threads)};
    if (!options.keep_capabilities.empty()) {
        arguments.push_back("--keep-capabilities");
        arguments.push_back(fmt::format("{}", fmt::join(options.keep_capabilities, ",")));
    }
    arguments.push_back(options.library);
    return arguments;
}

Error error_of(Frame const& reply) {
    auto const code = code_from(reply.head.status);
    try {
        auto const error = decode_error(reply.body);
        return Error(code, std::string(error.message.empty() ? to_string(code) : error.message),
                     std::string(error.details));
    } catch (Malformed const&) {
        return Error(code, "it failed, with a malformed error");
    }
}

vlt_status fail_unknown(CallFrame& frame, std::string const& plugin, CallText const& text, std::string_view cause,
                        std::string_view why) {
    auto const details =
        json::object{{"plugin", plugin}, {"contract", text.contract}, {"call", text.name}, {"cause", cause}};
    return frame.fail(
        Code::unknown_outcome,
        fmt::format("plugin {}: {} {}; whether {} was done is not known", plugin, why, text.contract, text.name),
        json::print(details));
}
} // namespace

std::string plugin_host_program() {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "volutus-plugin-host").string();
}

ProcessLink::ProcessLink(std::shared_ptr<HostSide> host, ProcessOptions options)
    : host_(std::move(host)), options_(std::move(options)), pool_(host_->plugin(), options_.own_calls, longest_queue) {
    supervisor_ = world::Thread("plugin-life", [this] { supervise(); });
    if (auto const refusal = first_.take()) throw *refusal;
}

ProcessLink::~ProcessLink() {
    let_go();
    supervisor_.join();
}

// The plugin is released and its process ends by itself; one that does not is killed by the supervisor.
void ProcessLink::let_go() {
    std::shared_ptr<Session> session;
    bool may_release = false;
    {
        world::Lock lock(mutex_);
        stopping_ = true;
        session = session_;
        // A call that hangs still uses the plugin.
        may_release = state_ != State::restarting && session_ && session_->late_calls() == 0;
    }
    changed_.notify_all();
    if (!session) return;
    try {
        if (may_release) step(*session, Verb::release, "release", {});
    } catch (Error const&) {
        // A process that is past talking to is ended all the same.
    }
    session->end("the kernel let it go");
}

void ProcessLink::supervise() {
    unsigned failures = 0;
    world::Lock lock(mutex_);
    for (bool first = true; !stopping_; first = false) {
        lock.unlock();
        auto const began = world::now();
        std::string reason;
        std::shared_ptr<Session> session;
        try {
            world::Lock life(life_);
            session = bring_up();
        } catch (Error const& error) {
            {
                world::Lock again(mutex_);
                session_.reset();
            }
            if (first) return first_.give(error);
            reason = error.what();
        }
        lock.lock();
        if (session) {
            state_ = State::running;
            changed_.notify_all();
            lock.unlock();
            if (first) first_.give(std::nullopt);
            reason = session->bury(to_end);
            lock.lock();
        }
        session_.reset();
        last_reason_ = reason;
        if (stopping_ || state_ == State::stopped) break;
        failures = world::now() - began >= options_.stable ? 1 : failures + 1;
        state_ = failures > options_.quarantine_after ? State::quarantined : State::restarting;
        changed_.notify_all();
        auto const wait = delay(failures);
        auto const until = world::now() + wait;
        log::write(Level::error, "plugin",
                   fmt::format("the process of plugin {} failed and is started again: {}", host_->plugin(), reason),
                   {{"failures", failures}, {"seconds", std::chrono::duration<double>(wait).count()}});
        changed_.wait_until(lock, until, [this] { return stopping_; });
        ++restarts_;
    }
}

// Half of the delay is by chance, so that the plugins of many nodes that lost one backend do not come back as one.
world::Duration ProcessLink::delay(unsigned failures) const {
    auto whole = options_.quarantine;
    if (failures <= options_.quarantine_after)
        whole = std::min(options_.longest_delay, options_.first_delay * (1 << std::min(failures - 1, 16u)));
    auto const half = static_cast<std::uint64_t>(whole.count()) / 2 + 1;
    return world::Duration(static_cast<std::int64_t>(half + world::random_u64() % half));
}

std::shared_ptr<Session> ProcessLink::bring_up() {
    auto const session = std::make_shared<Session>(host_, pool_, options_.program, arguments_of(options_));
    {
        world::Lock lock(mutex_);
        if (stopping_) throw Error(Code::cancelled, "the kernel let it go");
        session_ = session;
    }
    session->open(options_.id, options_.patience);
    step(*session, Verb::enter, VLT_ENTRY_SYMBOL, {});
    if (config_) step(*session, Verb::configure, "configure", *config_);
    if (started_) step(*session, Verb::start, "start", {});
    return session;
}

void ProcessLink::step(Session& session, Verb verb, char const* what, std::string_view request) {
    CallContext context;
    context.trace = fmt::format("{}:{}", host_->plugin(), what);
    context.deadline = world::now() + options_.patience;
    CallFrame frame(context);
    Patience patience;
    patience.deadline = context.deadline;
    auto const answer = session.ask(verb, frame, {{}, {}, {}, request}, patience);
    if (answer.outcome == Answer::Outcome::late) {
        session.end(fmt::format("{} hangs", what));
        throw step_hangs(host_->plugin(), what, options_.patience);
    }
    if (answer.outcome != Answer::Outcome::replied)
        throw step_failed(host_->plugin(), what, Error(Code::unavailable, "its process ended"));
    if (answer.reply.head.status != VLT_OK) throw step_failed(host_->plugin(), what, error_of(answer.reply));
}

void ProcessLink::step_of_running(Verb verb, char const* what, std::string const& request) {
    CallContext context;
    auto const session = session_for(context);
    world::Lock life(life_);
    step(*session, verb, what, request);
    if (verb == Verb::configure) config_ = request;
    if (verb == Verb::start) started_ = true;
}

void ProcessLink::configure(std::string const& config) { step_of_running(Verb::configure, "configure", config); }

void ProcessLink::start() { step_of_running(Verb::start, "start", {}); }

void ProcessLink::quiesce() {
    step_of_running(Verb::quiesce, "quiesce", {});
    world::Lock lock(mutex_);
    state_ = State::stopped;
}

std::shared_ptr<Session> ProcessLink::session_for(CallContext const& context) {
    auto const until = std::min(context.deadline, world::now() + options_.wait_for_restart);
    world::Lock lock(mutex_);
    changed_.wait_until(lock, until, [this] {
        return stopping_ || (state_ != State::restarting && (state_ != State::running || !session_->ended()));
    });
    if (session_ && !session_->ended() && (state_ == State::running || state_ == State::stopped)) return session_;
    auto const what =
        state_ == State::quarantined ? "is quarantined, as it failed again and again" : "is being started again";
    throw Error(Code::unavailable,
                fmt::format("plugin {} {}; its last end: {}. Try again later", host_->plugin(), what, last_reason_));
}

vlt_status ProcessLink::call(CallFrame& frame, std::string_view contract, std::string_view name,
                             std::string_view request, vlt_str* reply) noexcept {
    try {
        return answer_call(frame, {contract, name, {}, request}, reply);
    } catch (Malformed const& error) {
        return frame.fail(Code::unknown_outcome,
                          fmt::format("plugin {}: its answer is malformed: {}", host_->plugin(), error.what()));
    } catch (Error const& error) {
        return frame.fail(error.code(), error.what(), error.details());
    } catch (std::exception const& error) {
        return frame.fail(Code::internal, error.what());
    }
}

vlt_status ProcessLink::answer_call(CallFrame& frame, CallText const& text, vlt_str* reply) {
    auto& context = frame.context();
    auto const session = session_for(context);
    Patience patience;
    patience.deadline = context.deadline;
    patience.after_deadline = options_.grace;
    patience.after_cancel = options_.patience;
    patience.cancelled = &context.cancelled;
    auto const answer = session->ask(Verb::call, frame, text, patience);
    auto const& plugin = host_->plugin();
    switch (answer.outcome) {
    case Answer::Outcome::replied: break;
    case Answer::Outcome::not_taken:
        return frame.fail(Code::unavailable,
                          fmt::format("the process of plugin {} does not read its calls; try again later", plugin));
    case Answer::Outcome::not_sent:
        return frame.fail(Code::not_executed, fmt::format("the process of plugin {} ended before it had the call {} {}",
                                                          plugin, text.contract, text.name));
    case Answer::Outcome::lost: return fail_unknown(frame, plugin, text, "process_ended", "its process ended during");
    case Answer::Outcome::late:
        // As many threads as may run at once are stuck: it serves nobody any more.
        if (auto const late = session->late_calls(); late >= options_.threads)
            session->end(fmt::format("{} calls hang beyond their deadlines", late));
        return fail_unknown(frame, plugin, text, "deadline", "it did not answer in time to");
    }
    auto const& head = answer.reply.head;
    if (head.status == VLT_OK) {
        *reply = frame.keep(answer.reply.body);
        return check_reply(frame, VLT_OK, reply);
    }
    auto const error = decode_error(answer.reply.body);
    return frame.fail(code_from(head.status), error.message, error.details);
}

ProcessLink::Status ProcessLink::status() const {
    world::Lock lock(mutex_);
    return {state_, restarts_, last_reason_, session_ ? session_->pid() : -1};
}

} // namespace volutus::kernel::plugin
