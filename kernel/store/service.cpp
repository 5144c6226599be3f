#include <kernel/store/service.hpp>

#include <kernel/auth/context.hpp>
#include <kernel/plugin/call_frame.hpp>

namespace volutus::kernel::store {

namespace {
plugin::CallContext& context_of(Call const& call) { return static_cast<plugin::CallFrame&>(*call.raw()).context(); }

Patience patience_of(Call const& call) {
    Patience patience;
    if (call.deadline() != world::Instant::max()) patience.until = call.deadline();
    patience.cancelled = &context_of(call).cancelled;
    return patience;
}

// Who made the change stands in the feed beside it, so neither can be there without the other.
KernelPart audited(Call const& call, std::string const& plugin) {
    auto const& context = context_of(call);
    KernelPart part;
    part.by = context.by;
    part.by["plugin"] = plugin;
    part.traceparent = static_cast<plugin::CallFrame const&>(*call.raw()).traceparent();
    if (auto const id = trace::trace_id(part.traceparent); !id.empty()) part.by["trace_id"] = id;
    if (context.caller.empty()) return part;
    std::optional<Context> read;
    if (!context.known) read = parse_context(context.caller);
    auto const& caller = read ? *read : context.known->context;
    if (caller.user) part.by["user_id"] = caller.user->id;
    if (caller.project) part.by["project_id"] = caller.project->id;
    if (caller.domain) part.by["domain_id"] = caller.domain->id;
    if (caller.system) part.by["system"] = true;
    part.by["client_address"] = read ? read->client_address : context.client_address;
    part.by["request_id"] = read ? read->request_id : context.trace;
    return part;
}
} // namespace

contract::Applied Service::apply(Call& call, contract::Apply const& apply) {
    call.check(); // once it is queued, its outcome is waited for
    return store_.apply(owner_, apply, audited(call, owner_));
}

std::optional<contract::BasicDocument<json::Printed>> Service::get(Call& call, contract::Get const& wanted) {
    return store_.get<json::Printed>(wanted, patience_of(call));
}

contract::BasicPage<json::Printed> Service::query(Call& call, contract::Query const& query) {
    return store_.query<json::Printed>(query, patience_of(call));
}

contract::Counted Service::count(Call&, contract::Count const& wanted) { return store_.count(wanted); }

contract::ReferrerPage Service::referrers(Call&, contract::Referrers const& wanted) { return store_.referrers(wanted); }

contract::Accounts Service::accounts(Call&, contract::AccountQuery const& query) { return store_.accounts(query); }

contract::Feed Service::changes(Call& call, contract::Changes const& wanted) {
    return store_.changes(wanted, patience_of(call));
}

contract::BlobId Service::put_blob(Call& call) {
    auto input = call.input();
    if (!input) throw Error(Code::invalid, "a blob comes as the call's input stream");
    std::string bytes;
    constexpr std::size_t step = 64 * 1024;
    while (bytes.size() <= contract::blob_max) { // one step beyond is enough to be refused
        auto const before = bytes.size();
        bytes.resize(before + step);
        auto const got = input.read(bytes.data() + before, step);
        bytes.resize(before + got);
        if (got == 0) break;
    }
    return {store_.put_blob(bytes)};
}

void Service::get_blob(Call& call, contract::BlobId const& wanted) {
    auto output = call.output();
    if (!output) throw Error(Code::invalid, "a blob goes into the call's output stream");
    auto const bytes = store_.blob(wanted.id);
    if (!bytes) throw Error(Code::not_found, "there is no blob '" + wanted.id.substr(0, 64) + "'");
    output.write(bytes->data(), bytes->size());
    output.close();
}

std::shared_ptr<plugin::Endpoint> endpoint_of(store::Store& store, std::string const& owner) {
    return std::make_shared<plugin::BuiltIn<contract::contract_with<json::Printed>>>(
        std::make_unique<Service>(store, owner));
}

} // namespace volutus::kernel::store
