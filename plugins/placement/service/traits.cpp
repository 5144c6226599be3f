#include "traits.hpp"

#include "changes.hpp"
#include "query_words.hpp"
#include "standard_traits_table.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <set>

namespace volutus::placement_service {

namespace {

struct Asked {
    std::string prefix;
    std::optional<std::set<std::string>> in;
    std::optional<bool> associated;

    bool wants(std::string const& name) const { return name.rfind(prefix, 0) == 0 && (!in || in->count(name)); }
};

Asked asked_of(Request& request) {
    Asked asked;
    for (auto const& [name, value] : request.http().query) {
        if (name == "name" && value.rfind("startswith:", 0) == 0)
            asked.prefix = value.substr(11);
        else if (name == "name" && value.rfind("in:", 0) == 0) {
            auto const names = parted(value.substr(3), ',');
            asked.in.emplace(names.begin(), names.end());
        } else if (name == "name")
            throw Error(Code::invalid, "Badly formatted name parameter. Expected name query string parameter in form: "
                                       "?name=[in|startswith]:[name1,name2|prefix]. Got: \"" +
                                           value + "\"");
        else if (name == "associated" && (value == "true" || value == "True" || value == "TRUE"))
            asked.associated = true;
        else if (name == "associated" && (value == "false" || value == "False" || value == "FALSE"))
            asked.associated = false;
        else if (name == "associated")
            throw Error(Code::invalid, "The query parameter \"associated\" only accepts \"true\" or \"false\"");
        else
            refuse_query(fmt::format("Additional properties are not allowed ('{}' was unexpected)", name));
    }
    return asked;
}

std::string const& existing(Request& request) {
    auto const& name = request.parameter("name");
    if (!is_trait(request.store(), name)) throw Error(Code::not_found, fmt::format("No such trait(s): {}.", name));
    return name;
}

} // namespace

Reply list_traits(Request& request) {
    auto const asked = asked_of(request);
    std::set<std::string> names(std::begin(standard_traits), std::end(standard_traits));
    for (auto const& trait : request.store().all<Trait>()) names.insert(trait.id);
    std::set<std::string> used;
    if (asked.associated)
        for (auto const& provider : request.store().all<Provider>())
            used.insert(provider.traits.begin(), provider.traits.end());
    json::array traits;
    for (auto const& name : names)
        if (asked.wants(name) && (!asked.associated || *asked.associated == (used.count(name) > 0)))
            traits.push_back(json::string(name));
    return request.reply(json::object{{"traits", std::move(traits)}});
}

Reply show_trait(Request& request) {
    existing(request);
    return request.reply();
}

Reply ensure_trait(Request& request) {
    auto const& name = request.parameter("name");
    if (!is_custom(name))
        throw Error(Code::invalid,
                    "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "
                    "\"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"");
    Reply reply(204);
    if (!request.store().get<Trait>(name)) {
        Trait fresh;
        fresh.id = name;
        fresh.created_at = timestamp_now();
        try {
            request.apply(put(fresh));
            reply.status = 201;
        } catch (Error const& error) {
            if (error.code() != Code::precondition) throw; // else another request has just made it
        }
    }
    reply.header("Location", request.link("/traits/" + name));
    return modified(std::move(reply), timestamp_now());
}

Reply remove_trait(Request& request) {
    auto const& name = existing(request);
    if (is_standard_trait(name)) throw Error(Code::invalid, fmt::format("Cannot delete standard trait {}.", name));
    try {
        request.apply(remove(request.require<Trait>(name)));
    } catch (Error const& error) {
        if (error.code() != Code::conflict) refuse_change(error);
        throw Error(Code::conflict, fmt::format("The trait {} is in use by a resource provider.", name));
    }
    return request.reply();
}

} // namespace volutus::placement_service
