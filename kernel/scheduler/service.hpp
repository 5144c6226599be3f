// The contract volutus.scheduler/1.
#pragma once

#include <kernel/scheduler/scheduler.hpp>

namespace volutus::kernel::scheduler {

class Service final : public contract::Scheduler {
public:
    explicit Service(scheduler::Scheduler const& scheduler) : scheduler_(scheduler) {}
    contract::Candidates candidates(Call&, contract::Demand const& demand) override {
        return scheduler_.candidates(demand);
    }

private:
    scheduler::Scheduler const& scheduler_;
};

} // namespace volutus::kernel::scheduler
