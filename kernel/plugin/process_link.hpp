// The link to a plugin in a process of its own, which is started again when it ends.
//
// What a caller is told when the process fails it:
//   not_executed     the process ended before it had the whole call
//   unknown_outcome  it ended while it may have been at the call, or did not answer by the deadline and a short grace;
//                    details {"plugin","contract","call","cause": "process_ended" | "deadline"}
//   unavailable      it is being started again and was not ready within `wait_for_restart`, or has failed so often that
//                    it is quarantined: tried again at long intervals only
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/process_pool.hpp"
#include "kernel/plugin/registry.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace volutus::kernel::plugin {

class Session;
struct CallText;
enum class Verb : std::uint8_t;

struct ProcessOptions {
    std::string program;                        // volutus-plugin-host
    std::string library;                        // the plugin
    std::string id;                             // that its manifest must have; "" = any
    std::size_t threads = 16;                   // calls that run at once in the process; those that wait do not count
    std::size_t own_calls = 8;                  // of the plugin, served at once, that no caller waits for
    std::vector<std::string> keep_capabilities; // names without "cap_"

    world::Duration patience = std::chrono::seconds(30);    // for each step of its life, and after a cancellation
    world::Duration grace = std::chrono::milliseconds(250); // after a call's deadline
    world::Duration wait_for_restart = std::chrono::seconds(1);

    world::Duration first_delay = std::chrono::milliseconds(100); // before it is started again; doubled each time
    world::Duration longest_delay = std::chrono::seconds(10);
    world::Duration stable = std::chrono::seconds(60); // one that ran for so long has not failed in a row
    unsigned quarantine_after = 5;                     // failures in a row
    world::Duration quarantine = std::chrono::minutes(5);
};

// volutus-plugin-host beside the running program.
std::string plugin_host_program();

class ProcessLink : public Link {
public:
    enum class State { running, restarting, quarantined, stopped };
    struct Status {
        State state;
        unsigned restarts;       // since the link was made
        std::string last_reason; // why it ended the last time
        pid_t pid;               // -1 while there is none
    };

    // Starts the process and enters the plugin. Throws what InProcessLink and read_manifest throw.
    ProcessLink(std::shared_ptr<HostSide> host, ProcessOptions options);
    ~ProcessLink() override;

    void configure(std::string const& config) override;
    void start() override;
    void quiesce() override;
    vlt_status call(CallFrame& frame, std::string_view contract, std::string_view name, std::string_view request,
                    vlt_str* reply) noexcept override;

    Status status() const;

private:
    void supervise();
    std::shared_ptr<Session> bring_up();
    void step(Session& session, Verb verb, char const* what, std::string_view request);
    void step_of_running(Verb verb, char const* what, std::string const& request);
    std::shared_ptr<Session> session_for(CallContext const& context);
    vlt_status answer_call(CallFrame& frame, CallText const& text, vlt_str* reply);
    world::Duration delay(unsigned failures) const;
    void let_go();

    std::shared_ptr<HostSide> const host_;
    ProcessOptions const options_;

    // Held while the process is brought through steps of its life; before mutex_.
    world::Mutex life_;
    std::optional<std::string> config_;
    bool started_ = false;

    mutable world::Mutex mutex_;
    world::Condition changed_;
    std::shared_ptr<Session> session_; // set while it is brought up, too
    State state_ = State::restarting;
    unsigned restarts_ = 0;
    std::string last_reason_;
    bool stopping_ = false;
    world::Promised<std::optional<Error>> first_;

    Pool pool_;
    world::Thread supervisor_;
};

} // namespace volutus::kernel::plugin
