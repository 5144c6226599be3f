// A contract is one list: a driver interface, and the names of its calls. Codec, dispatch and proxy come from it.
//
//     struct Driver { virtual Volume create(Call&, CreateVolume const&) = 0; ... };
//     inline constexpr auto contract = volutus::contract<Driver>("volutus.volume/1", required<&Driver::create>("create"));
//
// A method is R (Call&, Request const&) or R (Call&); R may be void. Request and R are described structs, containers
// or optionals of such. Unknown keys of requests and replies are ignored, but for those marked with '!'.
#pragma once

#include <volutus/call.hpp>
#include <volutus/codec.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>

namespace volutus {

template <class Method> struct MethodTraits;
template <class D, class R, class A> struct MethodTraits<R (D::*)(Call&, A const&)> {
    using Driver = D;
    using Result = R;
    using Request = A;
};
template <class D, class R> struct MethodTraits<R (D::*)(Call&)> {
    using Driver = D;
    using Result = R;
    using Request = void;
};

template <auto Method> struct Entry {
    using Traits = MethodTraits<decltype(Method)>;
    static constexpr auto method = Method;
    std::string_view name;
    bool required;
};
template <auto Method> constexpr Entry<Method> required(std::string_view name) { return {name, true}; }
// A driver that leaves an optional call out inherits the interface's default, which throws unsupported().
template <auto Method> constexpr Entry<Method> optional(std::string_view name) { return {name, false}; }
[[noreturn]] void unsupported(); // throws Code::unsupported

template <class D, class... Entries> struct Contract {
    using Driver = D;
    std::string_view name; // "<vendor>.<noun>/<major>"
    std::tuple<Entries...> entries;

    template <auto Method> static constexpr bool holds = (std::is_same_v<Entries, Entry<Method>> || ...);
    template <auto Method> constexpr std::string_view name_of() const { return std::get<Entry<Method>>(entries).name; }
};
template <class D, class... Entries>
constexpr Contract<D, Entries...> contract(std::string_view name, Entries... entries) {
    return {name, std::tuple<Entries...>(entries...)};
}

// The reply's document to one call by name; throws what the driver throws, and unsupported for a name that the contract
// does not hold.
template <class D, class... Entries>
std::string dispatch(Contract<D, Entries...> const& contract, D& driver, Call& call, std::string_view name,
                     std::string_view request) {
    std::string reply;
    auto answer = [&](auto const& entry) {
        if (entry.name != name) return false;
        using E = std::decay_t<decltype(entry)>;
        using Traits = typename E::Traits;
        auto invoke = [&](auto&&... arguments) {
            if constexpr (std::is_void_v<typename Traits::Result>) {
                (driver.*E::method)(call, arguments...);
                reply = "{}";
            } else {
                reply = json::print((driver.*E::method)(call, arguments...));
            }
        };
        if constexpr (std::is_void_v<typename Traits::Request>)
            invoke();
        else
            invoke(json::decode<typename Traits::Request>(json::parse(request)));
        return true;
    };
    bool const found = std::apply([&](auto const&... entry) { return (answer(entry) || ...); }, contract.entries);
    if (!found) unsupported();
    return reply;
}

// The caller's side: a provider of a contract, wherever it runs. Cheap to copy; any thread.
//
//     Client<volume::contract> volumes(host);
//     auto volume = volumes.call<&volume::Driver::create>(call, spec);
template <auto const& TheContract> class Client {
public:
    Client(Host host, std::string target = {}) : host_(host), target_(std::move(target)) {}
    Client at(std::string target) const { return Client(host_, std::move(target)); }
    // The same with byte streams beside the documents; they live as long as the calls. Null: none.
    Client with(vlt_stream* input, vlt_stream* output) const {
        auto copy = *this;
        copy.input_ = input;
        copy.output_ = output;
        return copy;
    }

    template <auto Method, class... Arguments> auto call(Call* within, Arguments const&... arguments) const {
        using Traits = MethodTraits<decltype(Method)>;
        static_assert(sizeof...(Arguments) == (std::is_void_v<typename Traits::Request> ? 0 : 1));
        std::string text = "{}";
        if constexpr (sizeof...(Arguments) == 1) text = json::print(typename Traits::Request(arguments...));
        auto const reply = host_.call(within, TheContract.name, TheContract.template name_of<Method>(), target_, text,
                                      input_, output_);
        if constexpr (!std::is_void_v<typename Traits::Result>)
            return json::decode<typename Traits::Result>(json::parse(reply));
    }
    template <auto Method, class... Arguments> auto call(Call& within, Arguments const&... arguments) const {
        return call<Method>(&within, arguments...);
    }

private:
    Host host_;
    std::string target_;
    vlt_stream *input_ = nullptr, *output_ = nullptr;
};

} // namespace volutus
