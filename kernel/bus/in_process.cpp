#include "kernel/bus/in_process.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

namespace volutus::kernel::bus {

class InProcessHub::End : public Bus {
public:
    End(std::shared_ptr<InProcessHub> hub, std::string node) : hub_(std::move(hub)), node_(std::move(node)) {}

    ~End() override {
        world::Lock lock(hub_->mutex_);
        auto const own = hub_->nodes_.find(node_);
        own->second.answerer = nullptr;
        hub_->idle_.wait(lock, [&] { return own->second.under_way == 0; });
        hub_->nodes_.erase(own);
    }

    void serve(Answerer answerer) override {
        world::Lock lock(hub_->mutex_);
        hub_->nodes_.find(node_)->second.answerer = std::move(answerer);
    }

    std::string call(std::string_view node, std::string const& request, world::Instant until) override {
        check_size("request", request);
        if (world::now() >= until)
            throw Error(Code::not_executed, fmt::format("no time was left for a call to the node {}", node));
        Answering const answering(*hub_, node);
        std::string reply;
        try {
            reply = answering.answerer(request);
        } catch (std::exception const& error) {
            throw Error(Code::unknown_outcome, fmt::format("the node {} broke off: {}", node, error.what()));
        }
        check_size("reply", reply);
        return reply;
    }

private:
    // An answer under way, for which the node's end waits.
    struct Answering {
        Answering(InProcessHub& the_hub, std::string_view node) : hub(the_hub) {
            world::Lock lock(hub.mutex_);
            auto const found = hub.nodes_.find(node);
            if (found == hub.nodes_.end() || !found->second.answerer)
                throw Error(Code::not_executed, fmt::format("the node {} is not there", node));
            served = &found->second;
            answerer = served->answerer;
            ++served->under_way;
        }
        ~Answering() {
            world::Lock lock(hub.mutex_);
            if (--served->under_way == 0) hub.idle_.notify_all();
        }
        InProcessHub& hub;
        Served* served;
        Answerer answerer;
    };

    std::shared_ptr<InProcessHub> hub_;
    std::string node_;
};

std::unique_ptr<Bus> InProcessHub::join(std::string node) {
    world::Lock lock(mutex_);
    if (!nodes_.try_emplace(node).second)
        throw Error(Code::conflict,
                    fmt::format("there is a node {} on the bus; give this one another kernel.node", node));
    return std::make_unique<End>(shared_from_this(), std::move(node));
}

} // namespace volutus::kernel::bus
