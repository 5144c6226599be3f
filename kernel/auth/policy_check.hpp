// One check of a policy rule, compiled: "role:admin", "project_id:%(project_id)s", "'public':%(visibility)s".
#pragma once

#include <kernel/auth/credentials.hpp>
#include <volutus/json.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

struct re_pattern_buffer; // regex_t

namespace volutus::kernel::auth {

// What a check compares with: text with keys of the target in it, "%(target.user.id)s".
class Match {
public:
    // nullopt, and `why`, for a text with a malformed or unknown %-directive.
    static std::optional<Match> parse(std::string_view text, std::string& why);

    // Is the text, with the target's values in it, the same as `value`? Values are compared as Python would print them:
    // True, None, 7. A key that the target does not have is never the same.
    bool same_as(std::string_view value, json::object const& target) const;
    bool same_without_case(std::string_view value, json::object const& target) const;
    bool is_literal(std::string_view text) const;
    void add_keys(std::set<std::string>& to) const; // of the target

private:
    struct Piece {
        std::string text;
        bool is_key = false;
    };
    std::optional<std::string> filled(json::object const& target) const;
    std::vector<Piece> pieces_; // never empty
};

// The value of a target's key: the key as it stands ("network:tenant_id", "target.user.id" of a flat target), or else a
// path into the document. Null when there is none.
json::value const* find_in_target(json::object const& target, std::string_view key);

class Check {
public:
    // `text` is "kind:match". nullopt, and `why`, when it is malformed or of a kind that is refused (http, https).
    // `warning` is set when the check can never hold, because no caller has the attribute.
    static std::optional<Check> parse(std::string_view text, std::string& why, std::string& warning);

    bool holds(Credentials const& credentials, json::object const& target) const;
    void add_keys(std::set<std::string>& to) const; // what holds() looks for in the target

private:
    enum class Kind { role, attribute, literal, field, never };
    enum class Attribute {
        user_id,
        user_domain_id,
        project_id,
        project_domain_id,
        domain_id,
        system_scope,
        is_admin,
        is_admin_project,
        roles,
        service_user_id,
        service_project_id,
        service_roles,
        trust_id,
        trustor_id,
        trustee_id
    };
    struct Name;
    static Name const* attribute_named(std::string_view name);
    bool parse_field(std::string_view text, std::string& why);
    bool attribute_holds(Credentials const& credentials, json::object const& target) const;
    bool field_holds(json::object const& target) const;

    Kind kind_ = Kind::never;
    Attribute attribute_ = Attribute::user_id;
    std::string text_; // of a literal: its value; of a field: its key
    Match match_;
    std::shared_ptr<re_pattern_buffer const> pattern_; // of a field that is compared with ~
};

} // namespace volutus::kernel::auth
