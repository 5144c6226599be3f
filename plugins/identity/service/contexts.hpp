// volutus.auth/1: what a token stands for, from the documents as they are now.
#pragma once

#include <volutus/contract/auth.hpp>
#include <volutus/store.hpp>

namespace volutus::identity_service {

class Contexts : public auth::Auth {
public:
    explicit Contexts(Host host) : host_(host) {}
    auth::Resolved resolve(Call& call, auth::Claims const& claims) override;

private:
    Host host_;
};

} // namespace volutus::identity_service
