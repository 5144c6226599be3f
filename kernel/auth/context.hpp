// From tokens to callers: what the context cache keeps and what goes over the border.
#pragma once

#include <kernel/auth/credentials.hpp>
#include <kernel/auth/seal.hpp>
#include <volutus/context.hpp>

#include <string>
#include <vector>

namespace volutus::kernel::auth {

// A caller made ready: nothing of it is computed again for each request. Immutable.
struct Caller {
    explicit Caller(Context context);

    Context context;
    Credentials credentials;
    std::string document; // the context as JSON, for vlt_call.caller, without a request id
};

// What of a context differs from request to request.
struct Occasion {
    std::string_view client_address, request_id;
};

// The caller's document of one request.
std::string document_of(Caller const& caller, Occasion const& occasion);

// The document of an anonymous request.
std::string anonymous_document(Occasion const& occasion);

// Names of what a context rests on. When one of them changes, the context must be filled again:
//   user:<id> project:<id> domain:<id> role:<id> trust:<id> application_credential:<id> audit:<token's audit id>
//   user:<id>/project:<id> (also /domain:<id> and /system): the user's assignments there
std::vector<std::string> subjects_of(Context const& context);

} // namespace volutus::kernel::auth
