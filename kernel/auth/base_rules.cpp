#include <kernel/auth/base_rules.hpp>

#include <array>

namespace volutus::kernel::auth {

namespace {
constexpr std::array rules{
    RuleDefault{"context_is_admin", "role:admin", 0, "who is an operator of the cloud"},
    RuleDefault{"admin_required", "rule:context_is_admin", 0, "operators"},
    RuleDefault{"admin_api", "rule:context_is_admin", 0, "operators"},
    RuleDefault{"admin_only", "rule:context_is_admin", 0, "operators"},

    RuleDefault{"system_admin", "role:admin and system_scope:all", 0, "admins of the system scope"},
    RuleDefault{"system_member", "role:member and system_scope:all", 0, "members of the system scope"},
    RuleDefault{"system_reader", "role:reader and system_scope:all", 0, "readers of the system scope"},

    RuleDefault{"service_role", "role:service", 0, "services"},
    RuleDefault{"service_api", "role:service", 0, "services"},
    RuleDefault{"service_or_admin", "rule:admin_required or rule:service_role", 0, "services and operators"},

    RuleDefault{"owner", "user_id:%(user_id)s", 0, "the user that the target belongs to"},
    RuleDefault{"admin_or_owner", "rule:admin_required or rule:owner or project_id:%(project_id)s", 0,
                "operators, and the user or project that the target belongs to"},
    RuleDefault{"admin_or_user", "rule:admin_required or rule:owner", 0, "operators and the user itself"},
    RuleDefault{"token_subject", "user_id:%(target.token.user_id)s", 0, "the user of the token that is asked about"},
    RuleDefault{"admin_or_token_subject", "rule:admin_required or rule:token_subject", 0,
                "operators and the user of the token"},
    RuleDefault{"service_admin_or_token_subject", "rule:service_or_admin or rule:token_subject", 0,
                "services, operators and the user of the token"},

    RuleDefault{"project_manager_api", "role:manager and project_id:%(project_id)s", 0, "managers of the project"},
    RuleDefault{"project_member_api", "role:member and project_id:%(project_id)s", 0, "members of the project"},
    RuleDefault{"project_reader_api", "role:reader and project_id:%(project_id)s", 0, "readers of the project"},
    RuleDefault{"project_manager_or_admin", "rule:project_manager_api or rule:context_is_admin", 0,
                "managers of the project and operators"},
    RuleDefault{"project_member_or_admin", "rule:project_member_api or rule:context_is_admin", 0,
                "members of the project and operators"},
    RuleDefault{"project_reader_or_admin", "rule:project_reader_api or rule:context_is_admin", 0,
                "readers of the project and operators"},

    RuleDefault{"events:get", "rule:project_reader_or_admin", 0, "who may watch what changes in a project"},
    RuleDefault{"events:get_all", "rule:context_is_admin", 0, "who may watch what changes anywhere"},

    RuleDefault{"domain_manager_api", "role:manager and domain_id:%(domain_id)s", 0, "managers of the domain"},
    RuleDefault{"domain_reader_api", "role:reader and domain_id:%(domain_id)s", 0, "readers of the domain"},
};
} // namespace

std::vector<RuleDefault> base_rules() { return {rules.begin(), rules.end()}; }

} // namespace volutus::kernel::auth
