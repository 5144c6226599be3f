#include "domains.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "erasure.hpp"

#include <volutus/formats.hpp>

namespace volutus::identity_service {

Reply create_domain(Request& request, Domain const& wanted) {
    auto domain = wanted;
    domain.id = new_plain_uuid();
    store_named(request, domain);
    return request.shown(domain);
}

Reply update_domain(Request& request) {
    return retry_on_conflict([&] {
        auto domain = request.require<Domain>();
        refuse_if_immutable(request, "domain", domain.id, domain.options);
        bool const was_enabled = domain.enabled;
        request.change(domain);
        if (was_enabled && !domain.enabled) domain.tokens_from = now_micros();
        store_named(request, domain, changed({subject("domain", domain.id)}));
        return request.shown(domain);
    });
}

Reply remove_domain(Request& request) {
    auto const domain = request.require<Domain>();
    refuse_if_immutable(request, "domain", domain.id, domain.options);
    if (domain.enabled)
        throw Error(Code::forbidden, "Cannot delete a domain that is enabled, please disable it first.");
    Erasure(request.host(), request.call()).erase(domain);
    return request.reply();
}

} // namespace volutus::identity_service
