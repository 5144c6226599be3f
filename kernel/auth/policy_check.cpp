#include <kernel/auth/policy_check.hpp>

#include <fmt/format.h>

#include <regex.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <strings.h>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t longest_pattern = 256;
constexpr std::size_t longest_subject = 1024; // what a pattern is tried on

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

// A scalar as Python prints it, in `buffer` where it has to be written; nullopt for arrays and objects.
using Buffer = std::array<char, 32>;
std::optional<std::string_view> printed(json::value const& value, Buffer& buffer) {
    auto const number = [&](auto n) {
        auto const [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n);
        return std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    };
    switch (value.kind()) {
    case json::kind::string: return json::view(value.get_string());
    case json::kind::bool_: return value.get_bool() ? "True" : "False";
    case json::kind::null: return "None";
    case json::kind::int64: return number(value.get_int64());
    case json::kind::uint64: return number(value.get_uint64());
    case json::kind::double_: return number(value.get_double());
    case json::kind::array:
    case json::kind::object: return std::nullopt;
    }
    return std::nullopt;
}

bool is_number(std::string_view text) {
    double ignored = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), ignored);
    return error == std::errc() && end == text.data() + text.size();
}

// The value of a Python literal: 'Member', "public", None, True, False, 7.
std::optional<std::string_view> literal(std::string_view kind) {
    if (kind.size() >= 2 && (kind[0] == '\'' || kind[0] == '"') && kind.back() == kind[0])
        return kind.substr(1, kind.size() - 2);
    if (kind == "None" || kind == "True" || kind == "False" || is_number(kind)) return kind;
    return std::nullopt;
}
} // namespace

json::value const* find_in_target(json::object const& target, std::string_view key) {
    if (auto const* found = target.if_contains(key)) return found;
    return key.find('.') == std::string_view::npos ? nullptr : json::find(target, key);
}

std::optional<Match> Match::parse(std::string_view text, std::string& why) {
    Match out;
    std::string plain;
    while (!text.empty()) {
        auto const percent = std::min(text.find('%'), text.size());
        plain += text.substr(0, percent);
        text.remove_prefix(percent);
        if (text.empty()) break;
        if (text.starts_with("%%")) {
            plain += '%';
            text.remove_prefix(2);
            continue;
        }
        auto const end = text.find(')');
        if (!text.starts_with("%(") || end == std::string_view::npos || end == 2 || text.substr(end + 1, 1) != "s") {
            why = "a key of the target is written %(name)s, and a percent sign %%";
            return std::nullopt;
        }
        if (!plain.empty()) out.pieces_.push_back({std::exchange(plain, {}), false});
        out.pieces_.push_back({std::string(text.substr(2, end - 2)), true});
        text.remove_prefix(end + 2);
    }
    if (!plain.empty() || out.pieces_.empty()) out.pieces_.push_back({std::move(plain), false});
    return out;
}

std::optional<std::string> Match::filled(json::object const& target) const {
    std::string out;
    for (auto const& piece : pieces_) {
        if (!piece.is_key) {
            out += piece.text;
            continue;
        }
        auto const* value = find_in_target(target, piece.text);
        Buffer buffer;
        auto const text = value ? printed(*value, buffer) : std::nullopt;
        if (!text) return std::nullopt;
        out += *text;
    }
    return out;
}

bool Match::same_as(std::string_view value, json::object const& target) const {
    if (pieces_.size() != 1) {
        auto const text = filled(target);
        return text && *text == value;
    }
    auto const& piece = pieces_.front();
    if (!piece.is_key) return piece.text == value;
    auto const* found = find_in_target(target, piece.text);
    Buffer buffer;
    auto const text = found ? printed(*found, buffer) : std::nullopt;
    return text && *text == value;
}

bool Match::same_without_case(std::string_view value, json::object const& target) const {
    if (pieces_.size() == 1 && !pieces_.front().is_key) return equal_without_case(pieces_.front().text, value);
    auto const text = filled(target);
    return text && equal_without_case(*text, value);
}

bool Match::is_literal(std::string_view text) const {
    return pieces_.size() == 1 && !pieces_.front().is_key && pieces_.front().text == text;
}

void Match::add_keys(std::set<std::string>& to) const {
    for (auto const& piece : pieces_)
        if (piece.is_key) to.insert(piece.text);
}

void Check::add_keys(std::set<std::string>& to) const {
    match_.add_keys(to);
    if (kind_ == Kind::field) to.insert(text_);
}

struct Check::Name {
    std::string_view name;
    Attribute attribute;
};

Check::Name const* Check::attribute_named(std::string_view name) {
    static constexpr std::array<Name, 26> names{{
        {"user_id", Attribute::user_id},
        {"user", Attribute::user_id},
        {"user_domain_id", Attribute::user_domain_id},
        {"project_id", Attribute::project_id},
        {"project", Attribute::project_id},
        {"tenant_id", Attribute::project_id},
        {"tenant", Attribute::project_id},
        {"project_domain_id", Attribute::project_domain_id},
        {"domain_id", Attribute::domain_id},
        {"domain", Attribute::domain_id},
        {"system_scope", Attribute::system_scope},
        {"is_admin", Attribute::is_admin},
        {"is_admin_project", Attribute::is_admin_project},
        {"roles", Attribute::roles},
        {"service_user_id", Attribute::service_user_id},
        {"service_project_id", Attribute::service_project_id},
        {"service_roles", Attribute::service_roles},
        {"trust_id", Attribute::trust_id},
        {"trustor_id", Attribute::trustor_id},
        {"trustee_id", Attribute::trustee_id},
        {"token.user.id", Attribute::user_id},
        {"token.user.domain.id", Attribute::user_domain_id},
        {"token.project.id", Attribute::project_id},
        {"token.project.domain.id", Attribute::project_domain_id},
        {"token.domain.id", Attribute::domain_id},
        {"token.is_admin_project", Attribute::is_admin_project},
    }};
    auto const found = std::find_if(names.begin(), names.end(), [&](Name const& row) { return row.name == name; });
    return found == names.end() ? nullptr : &*found;
}

std::optional<Check> Check::parse(std::string_view text, std::string& why, std::string& warning) {
    // A quoted kind may hold a colon.
    bool const quoted = text.starts_with('\'') || text.starts_with('"');
    auto const close = quoted ? text.find(text[0], 1) : 0;
    auto const colon = close == std::string_view::npos ? close : text.find(':', close);
    if (colon == std::string_view::npos || colon == 0) {
        why =
            fmt::format("'{}' is no check; one is written kind:value, such as role:admin or user_id:%(user_id)s", text);
        return std::nullopt;
    }
    auto const kind = text.substr(0, colon);
    auto const value = text.substr(colon + 1);
    Check out;
    if (kind == "http" || kind == "https") {
        why = "checks by a remote server (http:, https:) are not supported; write the rule here";
        return std::nullopt;
    }
    if (kind == "field") {
        if (!out.parse_field(value, why)) return std::nullopt;
        return out;
    }
    auto match = Match::parse(value, why);
    if (!match) return std::nullopt;
    out.match_ = std::move(*match);
    if (kind == "role") {
        out.kind_ = Kind::role;
    } else if (auto const value_of = literal(kind)) {
        out.kind_ = Kind::literal;
        out.text_ = *value_of;
    } else if (auto const* attribute = attribute_named(kind)) {
        out.kind_ = Kind::attribute;
        out.attribute_ = attribute->attribute;
    } else {
        warning = fmt::format("no caller has the attribute '{}', so '{}' never holds", kind, text);
    }
    return out;
}

// "networks:shared=True", "port:device_owner=~^network:": the resource's name, a key of the target, and what it must
// be.
bool Check::parse_field(std::string_view text, std::string& why) {
    auto const colon = text.find(':');
    auto const equals = text.find('=', colon == std::string_view::npos ? 0 : colon);
    if (colon == std::string_view::npos || equals == std::string_view::npos || equals == colon + 1) {
        why = "a field is compared as field:resource:name=value or field:resource:name=~pattern";
        return false;
    }
    kind_ = Kind::field;
    text_ = text.substr(colon + 1, equals - colon - 1);
    auto value = text.substr(equals + 1);
    if (!value.starts_with('~')) {
        // A percent sign is nothing special here.
        std::string plain;
        for (auto const c : value) plain += c == '%' ? std::string("%%") : std::string(1, c);
        match_ = *Match::parse(plain, why);
        return true;
    }
    value.remove_prefix(1);
    auto compiled = std::make_unique<regex_t>();
    if (value.size() > longest_pattern ||
        ::regcomp(compiled.get(), std::string(value).c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
        why = fmt::format("'{}' is no extended regular expression of at most {} bytes", value, longest_pattern);
        return false;
    }
    pattern_ = std::shared_ptr<regex_t const>(compiled.release(), [](regex_t const* pattern) {
        auto* const own = const_cast<regex_t*>(pattern);
        ::regfree(own);
        delete own;
    });
    return true;
}

bool Check::holds(Credentials const& credentials, json::object const& target) const {
    switch (kind_) {
    case Kind::role:
        return std::any_of(credentials.roles.begin(), credentials.roles.end(),
                           [&](auto const& role) { return match_.same_without_case(role, target); });
    case Kind::attribute: return attribute_holds(credentials, target);
    case Kind::literal: return match_.same_as(text_, target);
    case Kind::field: return field_holds(target);
    case Kind::never: return false;
    }
    return false;
}

bool Check::attribute_holds(Credentials const& credentials, json::object const& target) const {
    // OpenStack compares None with None as text, so a caller without a project would own what has no project. Here an
    // absent attribute is the same as nothing but a None that stands in the rule.
    auto const text = [&](std::string const& value) {
        return value.empty() ? match_.is_literal("None") : match_.same_as(value, target);
    };
    auto const any = [&](std::vector<std::string> const& values) {
        return std::any_of(values.begin(), values.end(),
                           [&](auto const& value) { return match_.same_as(value, target); });
    };
    auto const flag = [&](bool value) { return match_.same_as(value ? "True" : "False", target); };
    switch (attribute_) {
    case Attribute::user_id: return text(credentials.user_id);
    case Attribute::user_domain_id: return text(credentials.user_domain_id);
    case Attribute::project_id: return text(credentials.project_id);
    case Attribute::project_domain_id: return text(credentials.project_domain_id);
    case Attribute::domain_id: return text(credentials.domain_id);
    case Attribute::system_scope: return text(credentials.system_scope);
    case Attribute::is_admin: return flag(credentials.is_admin);
    case Attribute::is_admin_project: return flag(credentials.is_admin_project);
    case Attribute::roles: return any(credentials.roles);
    case Attribute::service_user_id: return text(credentials.service_user_id);
    case Attribute::service_project_id: return text(credentials.service_project_id);
    case Attribute::service_roles: return any(credentials.service_roles);
    case Attribute::trust_id: return text(credentials.trust_id);
    case Attribute::trustor_id: return text(credentials.trustor_id);
    case Attribute::trustee_id: return text(credentials.trustee_id);
    }
    return false;
}

bool Check::field_holds(json::object const& target) const {
    auto const* value = find_in_target(target, text_);
    if (!value || value->is_null()) return false;
    Buffer buffer;
    auto const text = printed(*value, buffer);
    if (!text) return false;
    if (!pattern_) return match_.same_as(*text, target);
    return text->size() <= longest_subject && ::regexec(pattern_.get(), std::string(*text).c_str(), 0, nullptr, 0) == 0;
}

} // namespace volutus::kernel::auth
