#include "flavors_table.hpp"

#include "links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace volutus::compute {

Resource const& resource_of(Flavor const*) { return erased<flavors>(); }

namespace {

bool may_use(Request const& request, Flavor const& flavor) {
    if (flavor.is_public || request.by_the_cloud() || request.caller().is_admin) return true;
    auto const& project = request.caller().project;
    return project && std::find(flavor.projects.begin(), flavor.projects.end(), project->id) != flavor.projects.end();
}

std::int64_t number_of_query(Request const& request, std::string_view name) {
    auto const text = request.query(name);
    if (!text) return 0;
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size())
        throw Error(Code::invalid, fmt::format("Invalid {} filter [{}]", name, *text));
    return number;
}

// Public ones and those of the caller's project; operators may ask for the others, or ("None") for all.
enum class Which { usable, hidden, all };
Which which(Request const& request) {
    auto const asked = request.query("is_public");
    if (!request.caller().is_admin || !asked) return Which::usable;
    auto lower = *asked;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "none") return Which::all;
    for (std::string_view yes : {"true", "1", "t", "yes", "y", "on"})
        if (lower == yes) return Which::usable;
    for (std::string_view no : {"false", "0", "f", "no", "n", "off"})
        if (lower == no) return Which::hidden;
    throw Error(Code::invalid, fmt::format("Invalid is_public filter [{}]", *asked));
}

bool is_flavor_id(std::string_view text) {
    auto plain = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == ' ' || c == '_' || c == '-'; };
    return !text.empty() && text.size() <= 255 && text.front() != ' ' && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), plain);
}

bool is_spec_key(std::string_view text) {
    auto plain = [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == ' ' || c == '_' || c == '-' || c == ':';
    };
    return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), plain);
}

// The one or the many of a body, as strings: clients send numbers too.
std::map<std::string, std::string> specs_of(json::object const& from) {
    std::map<std::string, std::string> specs;
    for (auto const& [key, value] : from) {
        if (!is_spec_key(key))
            throw Error(Code::invalid, fmt::format("Invalid extra spec key '{}': 1 to 255 letters, digits, spaces, "
                                                   "'.', ':', '-' and '_' are allowed",
                                                   std::string_view(key)));
        if (!value.is_string() && !value.is_number())
            throw Error(Code::invalid, fmt::format("extra spec {} is a string", std::string_view(key)));
        auto text = value.is_string() ? json::text(value) : json::print(value);
        if (text.size() > 255)
            throw Error(Code::invalid, fmt::format("extra spec {} has at most 255 characters", std::string_view(key)));
        specs[key] = std::move(text);
    }
    return specs;
}

Flavor for_operators(Request& request) {
    auto flavor = request.store().get<Flavor>(request.parameter("flavor_id"));
    if (!flavor) request.missing("Flavor", request.parameter("flavor_id"));
    return *flavor;
}

template <class Change> Flavor changed(Request& request, Change change) {
    return retry_on_conflict([&] {
        auto flavor = for_operators(request);
        change(flavor);
        flavor.updated_at = timestamp_now();
        request.store().save(flavor);
        return flavor;
    });
}

[[noreturn]] void no_spec(Flavor const& flavor, std::string const& key) {
    throw Error(Code::not_found, fmt::format("Flavor {} has no extra specs with key {}.", flavor.id, key));
}

Reply access_of(Request& request, Flavor const& flavor) {
    json::array rows;
    for (auto const& project : flavor.projects)
        rows.push_back(json::object{{"flavor_id", json::string(flavor.id)}, {"tenant_id", json::string(project)}});
    return request.reply(json::object{{"flavor_access", std::move(rows)}});
}

} // namespace

json::array flavor_links(Request& request, Flavor const& flavor) { return links_to(request, "/flavors/" + flavor.id); }

json::value shown_swap(Request&, Flavor const& flavor) {
    if (flavor.swap == 0) return "";
    return flavor.swap;
}

// A flavor is nobody's, so its policy is asked about the caller's own project.
void hide_extra_specs(Request& request, Flavor const&, json::object& shown) {
    if (!request.may("os_compute_api:os-flavor-extra-specs:index", request.own_target())) shown.erase("extra_specs");
}

Flavor visible_flavor(Request& request, std::string const& id) {
    auto flavor = request.store().get<Flavor>(id);
    if (!flavor || !may_use(request, *flavor)) request.missing("Flavor", id);
    return *flavor;
}

Reply list_flavors(Request& request) {
    auto const wanted = which(request);
    auto const disk = number_of_query(request, "minDisk"), ram = number_of_query(request, "minRam");
    auto const project = request.caller().project ? request.caller().project->id : std::string();
    ListHooks hooks;
    hooks.keep = [=](void const* object) {
        auto const& flavor = *static_cast<Flavor const*>(object);
        if (flavor.disk < disk || flavor.ram < ram) return false;
        if (wanted == Which::all) return true;
        if (wanted == Which::hidden) return !flavor.is_public;
        return flavor.is_public ||
               std::find(flavor.projects.begin(), flavor.projects.end(), project) != flavor.projects.end();
    };
    return request.list(std::move(hooks));
}

Reply show_flavor(Request& request) { return request.shown(visible_flavor(request, request.id())); }

Reply create_flavor(Request& request, NewFlavor const& wanted) {
    Flavor flavor;
    flavor.id = wanted.id.value_or("");
    if (!wanted.id)
        flavor.id = new_uuid();
    else if (!is_flavor_id(flavor.id))
        throw Error(Code::invalid, fmt::format("Invalid input for field/attribute id. Value: {}. 1 to 255 letters, "
                                               "digits, spaces, '.', '-' and '_' are allowed",
                                               flavor.id));
    if (wanted.rxtx_factor <= 0)
        throw Error(Code::invalid, "Invalid input for field/attribute rxtx_factor: it is larger than 0");
    flavor.name = wanted.name;
    flavor.ram = wanted.ram;
    flavor.vcpus = wanted.vcpus;
    flavor.disk = wanted.disk;
    flavor.ephemeral = wanted.ephemeral;
    flavor.swap = wanted.swap;
    flavor.rxtx_factor = wanted.rxtx_factor;
    flavor.is_public = wanted.is_public;
    flavor.description = wanted.description;
    flavor.created_at = flavor.updated_at = timestamp_now();
    try {
        request.apply(put(flavor));
    } catch (Error const& error) {
        if (error.code() == Code::precondition)
            throw Error(Code::conflict, fmt::format("Flavor with ID {} already exists.", flavor.id));
        if (error.code() == Code::conflict)
            throw Error(Code::conflict, fmt::format("Flavor with name {} already exists.", flavor.name));
        throw;
    }
    return request.shown(flavor);
}

Reply update_flavor(Request& request) {
    return request.shown(changed(request, [&](Flavor& flavor) { request.change(flavor); }));
}

Reply list_extra_specs(Request& request) {
    auto const flavor = visible_flavor(request, request.parameter("flavor_id"));
    return request.reply(json::object{{"extra_specs", json::encode(flavor.extra_specs)}});
}

Reply add_extra_specs(Request& request) {
    auto const* given = request.body().if_contains("extra_specs");
    if (!given || !given->is_object()) throw Error(Code::invalid, "the body is {\"extra_specs\": {...}}");
    auto const specs = specs_of(given->get_object());
    changed(request, [&](Flavor& flavor) {
        for (auto const& [key, value] : specs) flavor.extra_specs[key] = value;
    });
    return request.reply(json::object{{"extra_specs", json::encode(specs)}});
}

Reply show_extra_spec(Request& request) {
    auto const flavor = visible_flavor(request, request.parameter("flavor_id"));
    auto const& key = request.parameter("spec_key");
    auto const found = flavor.extra_specs.find(key);
    if (found == flavor.extra_specs.end()) no_spec(flavor, key);
    return request.reply(json::object{{json::string(key), json::string(found->second)}});
}

Reply set_extra_spec(Request& request) {
    auto const& key = request.parameter("spec_key");
    auto const specs = specs_of(request.body());
    if (specs.size() != 1 || specs.begin()->first != key)
        throw Error(Code::invalid, "Request body and URI mismatch: the body's one key is that of the path");
    changed(request, [&](Flavor& flavor) { flavor.extra_specs[key] = specs.begin()->second; });
    return request.reply(json::encode(specs));
}

Reply remove_extra_spec(Request& request) {
    auto const& key = request.parameter("spec_key");
    changed(request, [&](Flavor& flavor) {
        if (flavor.extra_specs.erase(key) == 0) no_spec(flavor, key);
    });
    return request.reply();
}

Reply list_access(Request& request) {
    auto const flavor = for_operators(request);
    if (flavor.is_public) throw Error(Code::not_found, "Access list not available for public flavors.");
    return access_of(request, flavor);
}

Reply add_access(Request& request, Tenant const& whose) {
    return access_of(request, changed(request, [&](Flavor& flavor) {
                         if (flavor.is_public && request.since("2.7"))
                             throw Error(Code::conflict, "Can not add access to a public flavor.");
                         auto& all = flavor.projects;
                         if (std::find(all.begin(), all.end(), whose.tenant) != all.end())
                             throw Error(Code::conflict, fmt::format("Flavor access already exists for flavor {} and "
                                                                     "project {} combination.",
                                                                     flavor.id, whose.tenant));
                         all.push_back(whose.tenant);
                     }));
}

Reply remove_access(Request& request, Tenant const& whose) {
    return access_of(
        request, changed(request, [&](Flavor& flavor) {
            auto& all = flavor.projects;
            auto const at = std::find(all.begin(), all.end(), whose.tenant);
            if (at == all.end())
                throw Error(Code::not_found,
                            fmt::format("Flavor access not found for {} / {} combination.", flavor.id, whose.tenant));
            all.erase(at);
        }));
}

} // namespace volutus::compute
