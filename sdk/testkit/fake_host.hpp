// A fake host: gives a plugin that is linked into a test the tables of the kernel, with a fake store and policy behind
// them, and sends it requests as the gateway would. One thread.
//
//     FakeHost host;
//     Toy toy(host.host());
//     auto reply = host.send(toy, {"GET /v1/widgets", "GET", "/v1/widgets"}, member_of("p1"));
#pragma once

#include <testkit/fake_store.hpp>
#include <volutus/context.hpp>
#include <volutus/contract/policy.hpp>
#include <volutus/contract/service.hpp>
#include <volutus/plugin.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace volutus::testkit {

// A stream over a string: what was given to read, and what was written.
struct FakeStream {
    vlt_stream table{{sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR}, &read, &write, &close, nullptr, nullptr};
    std::string bytes;
    std::size_t at = 0;

    static FakeStream& self(vlt_stream* raw) { return *reinterpret_cast<FakeStream*>(raw); }
    static vlt_status read(vlt_stream* raw, vlt_span into, std::uint64_t* count) {
        auto& me = self(raw);
        *count = std::min<std::uint64_t>(into.size, me.bytes.size() - me.at);
        if (*count) std::memcpy(into.data, me.bytes.data() + me.at, *count);
        me.at += *count;
        return VLT_OK;
    }
    static vlt_status write(vlt_stream* raw, vlt_str bytes, std::uint64_t* count) {
        self(raw).bytes.append(bytes.data, bytes.size);
        *count = bytes.size;
        return VLT_OK;
    }
    static vlt_status close(vlt_stream*) { return VLT_OK; }
};

struct FakeCall {
    vlt_call table{{sizeof(vlt_call), VLT_ABI_MAJOR, VLT_ABI_MINOR},
                   &allocate,
                   &fail,
                   &cancelled,
                   &deadline,
                   &progress,
                   &caller_of_call,
                   &trace_of,
                   &operation,
                   &input_of,
                   &output_of,
                   &finish,
                   &traceparent_of,
                   &tracestate_of};
    std::string caller, trace = "req-1", traceparent, tracestate, message, details;
    FakeStream input, output;
    std::deque<std::string> arena;
    std::deque<std::vector<char>> memory;

    static FakeCall& self(vlt_call const* raw) { return *reinterpret_cast<FakeCall*>(const_cast<vlt_call*>(raw)); }
    static void* allocate(vlt_call* raw, std::uint64_t size, std::uint64_t) {
        return self(raw).memory.emplace_back(size + 1).data();
    }
    static vlt_status fail(vlt_call* raw, vlt_status code, vlt_str message, vlt_str details) {
        self(raw).message.assign(message.data, message.size);
        self(raw).details.assign(details.data ? details.data : "", details.size);
        return code;
    }
    static std::int32_t cancelled(vlt_call const*) { return 0; }
    static std::int64_t deadline(vlt_call const*) { return std::numeric_limits<std::int64_t>::max(); }
    static void progress(vlt_call*, std::uint32_t, vlt_str) {}
    static vlt_str text(std::string const& from) { return {from.data(), from.size()}; }
    static vlt_str caller_of_call(vlt_call const* raw) { return text(self(raw).caller); }
    static vlt_str trace_of(vlt_call const* raw) { return text(self(raw).trace); }
    static vlt_str traceparent_of(vlt_call const* raw) { return text(self(raw).traceparent); }
    static vlt_str tracestate_of(vlt_call const* raw) { return text(self(raw).tracestate); }
    static vlt_operation operation(vlt_call const*) { return {{nullptr, 0}, {nullptr, 0}, 0, 0}; }
    static vlt_stream* input_of(vlt_call* raw) { return &self(raw).input.table; }
    static vlt_stream* output_of(vlt_call* raw) { return &self(raw).output.table; }
    static void finish(vlt_call*, vlt_status, vlt_str) {}
};

// ---- callers ----

inline Context member_of(std::string project, std::string user = "user-1",
                         std::vector<std::string> roles = {"member", "reader"}) {
    Context caller;
    caller.user = UserRef{std::move(user), {}, {"default", {}}};
    caller.project = ProjectRef{std::move(project), {}, {"default", {}}};
    for (auto& role : roles) caller.roles.push_back({role, role});
    return caller;
}
inline Context admin_of(std::string project) {
    return member_of(std::move(project), "admin-1", {"admin", "member", "reader"});
}
inline Context nobody() { return {}; }
inline bool has_role(Context const& caller, std::string_view name) {
    return std::any_of(caller.roles.begin(), caller.roles.end(),
                       [&](RoleRef const& role) { return role.name == name; });
}

// What came back from a service.
struct Answer {
    unsigned status = 0;
    std::vector<service::Pair> headers;
    std::string text;

    json::value body() const { return json::parse(text); }
    std::vector<std::string> header(std::string_view name) const {
        std::vector<std::string> values;
        for (auto const& pair : headers)
            if (pair.name == name) values.push_back(pair.value);
        return values;
    }
};

class FakeHost {
public:
    FakeStore store;
    std::vector<std::string> logged;
    std::size_t policy_questions = 0;
    policy_rules::Question policy_question;               // the last one
    std::optional<std::vector<std::string>> policy_reads; // what all rules read; absent: whole targets are wanted
    // Which rules only an admin passes; all others need a role and the project of the target, or admin.
    std::set<std::string, std::less<>> admin_rules;
    // Instead of that, where a test brings a policy of its own: may the caller, by this rule, do it to the target?
    std::function<bool(std::string const& rule, Context const& caller, json::object const& target)> decides;
    // Other contracts that the plugin calls: (call's name, request) to reply.
    std::map<std::string, std::function<json::value(std::string_view, std::string_view)>, std::less<>> contracts;
    // The same for those with byte streams.
    std::map<std::string, std::function<json::value(std::string_view, std::string_view, Stream, Stream)>, std::less<>>
        streaming;

    Host host() const { return Host(&table_.raw); }

    // As the gateway would: a request with this caller (nullptr: the cloud itself) and this body.
    Answer send(Plugin& plugin, service::HttpRequest http, Context const* caller, std::string body = {}) {
        FakeCall call;
        if (caller) call.caller = print(*caller);
        http.body = !body.empty();
        call.input.bytes = std::move(body);
        Call wrapped(&call.table);
        auto const reply = json::decode<service::HttpReply>(
            json::parse(plugin.answer(wrapped, service::contract.name, "handle", json::print(http))));
        return {reply.status, reply.headers, std::move(call.output.bytes)};
    }

private:
    struct Table {
        vlt_host raw;
        FakeHost* self;
    };

    static vlt_status call(vlt_host const* raw, vlt_call* within, vlt_str contract, vlt_str name, vlt_str,
                           vlt_str request, vlt_stream* input, vlt_stream* output, vlt_str* reply) {
        auto& me = *reinterpret_cast<Table const*>(raw)->self;
        auto keep = [&](std::string text) {
            auto& kept = FakeCall::self(within).arena.emplace_back(std::move(text));
            *reply = {kept.data(), kept.size()};
        };
        try {
            auto const streams = me.streaming.find(std::string_view(contract.data, contract.size));
            if (streams != me.streaming.end())
                keep(json::print(streams->second({name.data, name.size}, {request.data, request.size}, Stream(input),
                                                 Stream(output))));
            else
                keep(json::print(me.answer(within, {contract.data, contract.size}, {name.data, name.size},
                                           {request.data, request.size})));
            return VLT_OK;
        } catch (Error const& error) {
            json::object document{{"code", to_string(error.code())}, {"message", error.what()}};
            if (!error.details().empty()) document["details"] = json::parse(error.details());
            keep(json::print(document));
            return static_cast<vlt_status>(error.code());
        }
    }
    static void log(vlt_host const* raw, std::int32_t, vlt_str message, vlt_str) {
        reinterpret_cast<Table const*>(raw)->self->logged.emplace_back(message.data, message.size);
    }
    static vlt_call* begin(vlt_host const*, std::int64_t, vlt_str trace) {
        auto* made = new FakeCall;
        made->trace.assign(trace.data ? trace.data : "", trace.size);
        return &made->table;
    }
    static void end(vlt_host const*, vlt_call* made) { delete &FakeCall::self(made); }
    static void ignore(vlt_host const*) {}

    json::value answer(vlt_call* within, std::string_view contract, std::string_view name, std::string_view request) {
        if (contract == store::contract.name) return store.answer(name, request);
        if (contract == policy_rules::contract.name)
            return json::encode(
                decide(FakeCall::self(within), json::decode<policy_rules::Question>(json::parse(request))));
        auto const found = contracts.find(contract);
        if (found == contracts.end())
            throw Error(Code::unsupported, "the fake host has no contract " + std::string(contract));
        return found->second(name, request);
    }

    policy_rules::Decision decide(FakeCall const& call, policy_rules::Question const& question) {
        ++policy_questions;
        policy_question = question;
        policy_rules::Decision decision;
        if (!question.only) decision.reads = policy_reads;
        auto const is_left_out = [&](std::string const& name) {
            return std::find(question.only->begin(), question.only->end(), name) == question.only->end();
        };
        decision.incomplete =
            question.only && policy_reads && std::any_of(policy_reads->begin(), policy_reads->end(), is_left_out);
        if (decision.incomplete) return decision;
        if (call.caller.empty()) return decision;
        auto const caller = parse_context(call.caller);
        auto const* project = question.target.if_contains("project_id");
        bool const own = project && caller.project && *project == json::value(json::string(caller.project->id));
        for (auto const& rule : question.rules) {
            if (decides) {
                if (!decides(rule, caller, question.target)) decision.refused.push_back(rule);
                continue;
            }
            bool const allowed =
                has_role(caller, "admin") || (own && !admin_rules.count(rule) && has_role(caller, "member"));
            if (!allowed) decision.refused.push_back(rule);
        }
        return decision;
    }

    Table table_{{{sizeof(vlt_host), VLT_ABI_MAJOR, VLT_ABI_MINOR}, &call, &begin, &end, &log, &ignore, &ignore}, this};
};

} // namespace volutus::testkit
