#include "query_words.hpp"

#include "names.hpp"
#include "provider.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <charconv>

namespace volutus::placement_service {

namespace {

constexpr std::size_t most_parts = 200; // of one value

std::string trimmed(std::string const& text) {
    auto const first = text.find_first_not_of(' ');
    return first == text.npos ? std::string() : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Names names_in(std::string const& text) {
    Names names;
    for (auto& one : parted(text, ',')) names.insert(std::move(one));
    return names;
}

bool starts(std::string const& text, std::string_view with) { return text.compare(0, with.size(), with) == 0; }

} // namespace

std::vector<std::string> parted(std::string const& text, char by) {
    std::vector<std::string> parts;
    for (std::size_t from = 0;;) {
        auto const end = std::min(text.find(by, from), text.size());
        parts.push_back(trimmed(text.substr(from, end - from)));
        if (end == text.size()) break;
        from = end + 1;
    }
    if (parts.size() > most_parts) refuse_query(fmt::format("a value has at most {} parts", most_parts));
    return parts;
}

void refuse_query(std::string const& why) { throw Error(Code::invalid, "Invalid query string parameters: " + why); }

void read_resources(Group& group, std::string const& value) {
    constexpr char form[] = "Badly formed resources parameter. Expected resources query string parameter in form: "
                            "?resources=VCPU:2,MEMORY_MB:1024. Got: ";
    if (value.find_first_not_of(' ') == value.npos) throw Error(Code::invalid, form + std::string("empty string."));
    for (auto const& one : parted(value, ',')) {
        auto const colon = one.find(':');
        if (colon == one.npos || one.find(':', colon + 1) != one.npos) throw Error(Code::invalid, form + one + ".");
        auto const name = trimmed(one.substr(0, colon)), text = trimmed(one.substr(colon + 1));
        std::int64_t amount = 0;
        auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), amount);
        if (failed != std::errc() || end != text.data() + text.size())
            throw Error(Code::invalid,
                        fmt::format("Requested resource {} expected positive integer amount. Got: {}.", name, text));
        if (amount < 1)
            throw Error(Code::invalid,
                        fmt::format("Requested resource {} requires amount >= 1. Got: {}.", name, amount));
        group.resources[name] = amount;
    }
}

void read_required(Group& group, Request& request, std::string const& value) {
    bool const any = starts(value, "in:");
    if (any && !request.since("1.39"))
        refuse_query(fmt::format("The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. "
                                 "Got: {}",
                                 value));
    bool const may_forbid = request.since("1.22");
    Names alternatives;
    for (auto name : names_in(any ? value.substr(3) : value)) {
        bool const forbids = starts(name, "!");
        name.erase(0, name.find_first_not_of('!'));
        if (name.empty())
            refuse_query(fmt::format("Expected 'required' parameter value of the form: {}. Got an empty trait in: {}",
                                     any          ? "in:HW_CPU_X86_VMX,CUSTOM_MAGIC"
                                     : may_forbid ? "HW_CPU_X86_VMX,!CUSTOM_MAGIC"
                                                  : "HW_CPU_X86_VMX,CUSTOM_MAGIC",
                                     value));
        if (forbids && any)
            refuse_query(fmt::format("The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support forbidden traits. "
                                     "Got: {}",
                                     value));
        if (forbids && !may_forbid)
            refuse_query(fmt::format("Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. "
                                     "Got: {}",
                                     value));
        if (forbids)
            group.forbidden.insert(name);
        else if (any)
            alternatives.insert(name);
        else
            group.required.push_back({name});
    }
    if (any) group.required.push_back(std::move(alternatives));
}

void read_member_of(Group& group, Request& request, std::string const& name, std::string const& value) {
    bool const forbids = starts(value, "!"), several = starts(value, "in:") || starts(value, "!in:");
    if (!several && value.find(',') != value.npos)
        throw Error(Code::invalid, fmt::format("Multiple values for 'member_of' must be prefixed with the 'in:' or "
                                               "'!in:' keyword using the valid microversion. Got: {}",
                                               value));
    if (forbids && !request.since("1.32"))
        throw Error(Code::invalid,
                    fmt::format("Forbidden {} parameters are not supported in the specified microversion", name));
    Names aggregates;
    for (auto const& one : names_in(value.substr((forbids ? 1 : 0) + (several ? 3 : 0)))) {
        if (!is_uuid(one))
            refuse_query(fmt::format("Expected 'member_of' parameter to contain valid UUID(s). Got: {}", one));
        aggregates.insert(canonical_uuid(one));
    }
    if (forbids)
        group.not_member_of.merge(aggregates);
    else
        group.member_of.push_back(std::move(aggregates));
}

void read_in_tree(Group& group, std::string const& value) {
    if (!is_uuid(value))
        refuse_query(fmt::format("Expected 'in_tree' parameter to be a format of uuid. Got: {}", value));
    group.in_tree = canonical_uuid(value);
}

void read_all(Group& group, Request& request, std::string const& suffix) {
    auto required = request.queries("required" + suffix);
    if (required.size() > 1 && !request.since("1.39")) required.erase(required.begin(), required.end() - 1);
    for (auto const& value : required) read_required(group, request, value);
    auto const name = "member_of" + suffix;
    auto const members = request.queries(name);
    if (members.size() > 1 && !request.since("1.24"))
        throw Error(Code::invalid, fmt::format("Multiple {} parameters are not supported", name));
    for (auto const& value : members) read_member_of(group, request, name, value);
}

void check_names(Store& store, Group const& group) {
    for (auto const& [name, amount] : group.resources)
        if (!is_class(store, name))
            throw Error(Code::invalid,
                        fmt::format("Invalid resource class in resources parameter: No such resource class {}.", name));
    std::vector<std::string> traits(group.forbidden.begin(), group.forbidden.end());
    for (auto const& any : group.required) traits.insert(traits.end(), any.begin(), any.end());
    check_traits(store, traits);
}

} // namespace volutus::placement_service
