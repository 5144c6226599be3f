// GET /events: the changes after ?since=REVISION, as server-sent events or over a websocket.
//
// kind= (again for several) and project_id= choose among them. The rule events:get_all lets a caller hear of everything,
// events:get of one project's, its own unless project_id= names another. A browser's Last-Event-ID goes before since=;
// without both it starts with what comes next. 410 says that so old a change is no longer kept.
#pragma once

#include <kernel/auth/policy.hpp>
#include <kernel/events/hub.hpp>
#include <kernel/gateway/router.hpp>
#include <kernel/gateway/service_handler.hpp>

#include <memory>
#include <string>

namespace volutus::kernel::events {

class Handler final : public gateway::Handler, public std::enable_shared_from_this<Handler> {
public:
    // `challenge` as in gateway::ServiceOptions. The hub outlives this.
    Handler(Hub& hub, store::Store& store, std::shared_ptr<auth::Policy const> policy,
            gateway::Authenticate authenticate, std::string challenge);
    gateway::Response handle(gateway::Request& request) override;
    gateway::Response refuse(gateway::Request const& request, gateway::Refusal const& refusal) override;

private:
    Wanted wanted_by(gateway::Request& request) const;
    void judge(Wanted& wanted, gateway::Identity const& identity) const;

    Hub& hub_;
    store::Store& store_;
    std::shared_ptr<auth::Policy const> policy_;
    auth::RuleId all_, own_;
    gateway::Authenticate authenticate_;
    std::string challenge_;
};

gateway::Route route(); // of the one page

} // namespace volutus::kernel::events
