#include <kernel/store/fill.hpp>
#include <volutus/address.hpp>
#include <volutus/error.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

namespace contract = volutus::store;

void check_fill(contract::Take const& take, json::object const* body) {
    auto const& into = *take.into;
    auto refuse = [&](std::string const& why) {
        throw Error(Code::invalid,
                    fmt::format("a value of the pool '{:.255}' cannot be written into '{:.255}' of {:.60} {:.255}: {}",
                                take.pool, into.pointer, into.kind, into.id, why),
                    json::print(json::object{{"kind", into.kind}, {"id", into.id}, {"pointer", into.pointer}}));
    };
    if (!body) refuse("this apply puts no such document");
    json::value const whole(*body);
    boost::json::error_code error;
    auto const* member = whole.find_pointer(into.pointer, error);
    if (!member || member->is_structured()) refuse("the JSON pointer leads to no plain member of it");
    if (into.base.empty()) return;
    for (auto const value : {take.first, take.last})
        if (!address_plus(into.base, value)) refuse(fmt::format("'{:.64}' + {} is no address", into.base, value));
}

void fill(json::value& body, contract::Into const& into, std::int64_t value) {
    boost::json::error_code error;
    auto& member = *body.find_pointer(into.pointer, error);
    if (into.base.empty())
        member = value;
    else
        member = json::string(address_plus(into.base, value).value());
}

} // namespace volutus::kernel::store
