// The part of a manifest that a REST service writes from its tables: service, kinds, routes, policies and quotas.
//
//     constexpr auto manifest = volutus::manifest("block_storage", "0.1.0", ..., serves(traits, volumes, types));
//
// A filter or a sort that names no stored field, or a path without its '/', is an error of the compiler.
#pragma once

#include <volutus/manifest_writer.hpp>
#include <volutus/resource.hpp>

#include <array>
#include <string_view>
#include <tuple>

namespace volutus {

// Where a route stands: all prefixes of the service before its path and its aliases. An empty prefix list is one
// empty prefix. Used at compile time by the manifest and at start by the dispatcher, so that both name the same ids.
template <class Visit> constexpr void each_path(ServiceTraits const& traits, RouteRow const& row, Visit const& visit) {
    for (std::size_t i = 0; i < traits.prefixes.size(); ++i) {
        if (i > 0 && traits.prefixes[i].empty()) continue;
        visit(traits.prefixes[i], row.path);
        for (auto const& other : row.aliases) visit(traits.prefixes[i], other);
    }
}
inline constexpr std::string_view nothing;
inline constexpr std::string_view openapi_route = "GET /openapi.json";

namespace serving {

template <std::size_t N> struct Names {
    std::array<std::string_view, N> values{};
    std::size_t count = 0;
    constexpr bool add(std::string_view name) {
        for (std::size_t i = 0; i < count; ++i)
            if (values[i] == name) return false;
        values[count++] = name;
        return true;
    }
    constexpr auto begin() const { return values.begin(); }
    constexpr auto end() const { return values.begin() + count; }
};

// Where the stored row that an index stands on is in the table; `absent`: none of that name. A number, because g++ 12
// cannot compare a pointer into a constant with null under -fsanitize=undefined.
inline constexpr std::size_t absent = static_cast<std::size_t>(-1);
template <class Table> constexpr std::size_t stored_row(Table const& table, std::string_view field) {
    auto const head = field.substr(0, field.find('.'));
    for (std::size_t i = 0; i < table.fields.size(); ++i)
        if (table.fields[i].name == head && table.fields[i].stored()) return i;
    return absent;
}
template <class Table> constexpr bool is_stored_row(Table const& table, std::string_view field) {
    return stored_row(table, field) != absent;
}
template <class Table> constexpr bool is_array(Table const& table, std::string_view field) {
    auto const at = stored_row(table, field);
    return at != absent && table.fields[at].type->schema == "array";
}

template <class Table> struct Indexed {
    // All field names that are indexed, in order of mention.
    Names<256> names;
    Names<128> filters, sorts;
    bool whole = false; // some list is not scoped

    constexpr explicit Indexed(Table const& table) {
        if (is_stored_row(table, table.row.scope_field)) names.add(table.row.scope_field);
        for (auto const& row : table.fields)
            if (row.indexed) names.add(row.name);
        for (auto const& list : table.lists) {
            whole = whole || !list.all_rule.name.empty() || !is_stored_row(table, table.row.scope_field);
            if (!list.reach.empty()) {
                if (!is_stored_row(table, list.reach)) throw "reach() names no stored field of the resource";
                names.add(list.reach);
            }
            for (std::size_t i = 0; i < list.filter_count; ++i)
                add(table, filters, list.filter_rows[i].field, list.has_handler);
            if (is_stored_row(table, list.default_sort)) add(table, sorts, list.default_sort, list.has_handler);
            for (std::size_t i = 0; i < list.sort_count; ++i)
                add(table, sorts, list.sort_rows[i].field, list.has_handler);
        }
    }

private:
    constexpr void add(Table const& table, Names<128>& to, std::string_view field, bool handler) {
        if (field == "id") return;
        if (!is_stored_row(table, field)) {
            if (!handler) throw "a filter or a sort of a list names no stored field of the resource";
            return; // the handler's own
        }
        to.add(field);
        names.add(field);
    }
};

constexpr std::string_view index_type(Field const& row) {
    auto const type = row.type->schema == "array" ? row.type->items : row.type->schema;
    return type == "integer" || type == "number" || type == "boolean" ? type : "string";
}

template <class Table> constexpr void write_work(ManifestWriter& out, Table const& table) {
    out.key("transient");
    out.open('[');
    for (auto const& row : table.fields) {
        if (!row.is_transient) continue;
        if (!row.stored()) throw "a field with transient() states is stored";
        out.open('{');
        out.member("field", row.name);
        out.texts("values", row.transient);
        out.close('}');
    }
    out.close(']');
    out.member("passing", table.row.passing);
    if (table.row.work_kind.empty()) return;
    if (!is_stored_row(table, table.row.work_field)) throw "worked_on_at() names no stored field of the resource";
    out.key("worked_on_at");
    out.open('{');
    out.member("kind", table.row.work_kind);
    out.member("field", table.row.work_field);
    out.close('}');
}

template <class Table> constexpr void write_kind(ManifestWriter& out, Table const& table) {
    if (table.row.kind_name.empty()) return;
    Indexed<Table> const indexed(table);
    out.open('{');
    out.member("name", table.row.kind_name);
    out.member("schema", std::int64_t{table.row.schema_number});
    out.key("indexes");
    out.open('[');
    for (auto name : indexed.names) {
        auto const at = stored_row(table, name);
        if (at == absent) continue;
        out.open('{');
        out.member("field", name);
        out.member("type", index_type(table.fields[at]));
        out.member("several", is_array(table, name));
        out.close('}');
    }
    out.close(']');
    out.key("unique");
    out.open('[');
    for (auto const& key : table.uniques) {
        out.open('{');
        out.member("space", key.space);
        out.texts("fields", key.fields);
        out.member("several", is_array(table, key.fields.values[0]));
        out.close('}');
    }
    out.close(']');
    out.key("references");
    out.open('[');
    for (auto const& row : table.fields) {
        if (row.refers_to.empty()) continue;
        out.open('{');
        out.member("field", row.name);
        out.member("kind", row.refers_to);
        out.member("owned", row.owned);
        out.close('}');
    }
    out.close(']');
    // An index for each filter in the list's own order and one for each other order; and the whole kind in its order.
    out.key("lists");
    out.open('[');
    auto const scope = is_stored_row(table, table.row.scope_field) ? table.row.scope_field : std::string_view();
    auto const order = indexed.sorts.count ? indexed.sorts.values[0] : std::string_view("id");
    auto write_list = [&](std::string_view within, bool filters, auto const& sorts) {
        out.open('{');
        out.member("scope", within);
        out.key("filters");
        out.open('[');
        if (filters)
            for (auto name : indexed.filters)
                if (!is_array(table, name)) out.text(name); // those have tables of their own
        out.close(']');
        out.texts("sorts", sorts);
        out.close('}');
    };
    std::array<std::string_view, 1> const first{order};
    if (table.lists.size() > 0) {
        write_list(scope, true, first);
        if (indexed.sorts.count > 1) write_list(scope, false, indexed.sorts);
        if (indexed.whole && !scope.empty()) write_list(nothing, false, first);
    }
    out.close(']');
    out.member("tombstone_seconds", static_cast<std::int64_t>(table.row.tombstone_seconds));
    write_work(out, table);
    out.close('}');
}

template <class Table, class Visit> constexpr void each_route(Table const& table, Visit visit) {
    for (auto const& row : table.lists) visit(static_cast<RouteRow const&>(row));
    for (auto const& row : table.routes) visit(row);
}

constexpr void write_id(ManifestWriter& out, std::string_view method, std::string_view prefix, std::string_view path) {
    std::array<std::string_view, 4> const pieces{method, " ", prefix, path};
    out.joined(pieces);
}

// One entry for each method and path: actions that share a path, also those of different tables, and routes that
// versions part, share an entry. `each_of_all` visits every row of the service in the order of its tables.
template <class EachOfAll>
constexpr void write_routes(ManifestWriter& out, ServiceTraits const& traits, EachOfAll each_of_all) {
    std::size_t at = 0;
    each_of_all([&](RouteRow const& row) {
        if (row.path.empty() || row.path[0] != '/') throw "a path begins with '/'";
        bool taken = false;
        std::size_t i = 0;
        each_of_all([&](RouteRow const& earlier) {
            taken = taken || (i < at && earlier.path == row.path && earlier.method == row.method);
            ++i;
        });
        ++at;
        if (taken) return;
        auto write_one = [&](std::string_view prefix, std::string_view path) {
            out.open('{');
            out.key("id");
            write_id(out, row.method, prefix, path);
            out.member("method", row.method);
            out.key("path");
            std::array<std::string_view, 2> const pieces{prefix, path};
            out.joined(pieces);
            out.member("reads", row.reads_only);
            out.member("policy", row.policy.name);
            out.member("streams", row.streams);
            out.member("anonymous", row.is_anonymous);
            out.member("websocket", row.is_websocket);
            out.member("scope", row.scope_needed);
            out.close('}');
        };
        if (is_absolute(row.path))
            write_one(nothing, row.path.substr(1));
        else
            each_path(traits, row, write_one);
    });
}

struct Rule {
    PolicyRule rule;
    bool reads;
};
template <class Table, class Visit> constexpr void each_rule(Table const& table, Visit visit) {
    for (auto const& rule : table.rules) visit(rule, true);
    each_route(table, [&](RouteRow const& row) { visit(row.policy, row.reads_only); });
    for (auto const& row : table.lists) visit(row.all_rule, true);
    for (auto const& row : table.fields) {
        visit(row.seen_by, true);
        visit(row.created_by, false);
        visit(row.updated_by, false);
    }
}
} // namespace serving

template <class... Tables> struct ServesPart {
    ServiceTraits const* traits;
    std::tuple<Tables const*...> tables;

    constexpr void write(ManifestWriter& out) const {
        out.key("service");
        out.open('{');
        out.member("name", traits->name);
        out.member("type", traits->type);
        out.texts("aliases", traits->aliases);
        out.member("endpoint", traits->endpoint);
        out.member("description", traits->description);
        out.member("version_header", traits->versions.type);
        out.member("lowest", traits->versions.lowest);
        out.member("newest", traits->versions.newest);
        out.close('}');
        out.key("kinds");
        out.open('[');
        each([&](auto const& table) { serving::write_kind(out, table); });
        write_create_keys(out);
        out.close(']');
        out.key("routes");
        out.open('[');
        out.raw(
            R"({"id":"GET /openapi.json","method":"GET","path":"/openapi.json","reads":true,"policy":"","streams":false,)"
            R"("anonymous":true,"websocket":false,"scope":""})");
        serving::write_routes(out, *traits,
                              [&](auto visit) { each([&](auto const& table) { serving::each_route(table, visit); }); });
        out.close(']');
        write_policies(out);
        write_quotas(out);
    }

private:
    // Where Idempotency-Key of all creates is remembered; found by age, to be forgotten.
    constexpr void write_create_keys(ManifestWriter& out) const {
        bool creates = false;
        each([&](auto const& table) {
            serving::each_route(table, [&](RouteRow const& row) { creates = creates || row.takes_key(); });
        });
        if (!creates) return;
        out.open('{');
        out.key("name");
        std::array<std::string_view, 2> const pieces{traits->name, ".create_key"};
        out.joined(pieces);
        out.raw(R"("schema":1,"indexes":[{"field":"expires_at","type":"integer","several":false}],"unique":[],)"
                R"("references":[],"lists":[{"scope":"","filters":[],"sorts":["expires_at"]}],"tombstone_seconds":0)");
        out.close('}');
    }

    template <class Visit> constexpr void each(Visit visit) const {
        std::apply([&](auto const*... table) { (visit(*table), ...); }, tables);
    }

    constexpr void write_quotas(ManifestWriter& out) const {
        serving::Names<64> names;
        each([&](auto const& table) {
            serving::each_route(table, [&](RouteRow const& row) {
                for (auto name : row.quotas) names.add(name);
            });
        });
        out.key("quotas");
        out.open('[');
        for (auto name : names) out.text(name);
        out.close(']');
    }

    // Each rule once: with the check that some mention of it declares, else with the service's default.
    constexpr void write_policies(ManifestWriter& out) const {
        std::array<serving::Rule, most_rules> all{};
        std::size_t count = 0;
        auto take = [&](PolicyRule const& rule, bool reads) {
            if (rule.name.empty()) return;
            for (std::size_t i = 0; i < count; ++i)
                if (all[i].rule.name == rule.name) {
                    if (all[i].rule.check.empty()) all[i].rule.check = rule.check;
                    return;
                }
            all[count++] = {rule, reads};
        };
        each([&](auto const& table) { serving::each_rule(table, take); });
        out.key("policies");
        out.open('[');
        for (std::size_t i = 0; i < count; ++i) {
            auto const& [rule, reads] = all[i];
            out.open('{');
            out.member("rule", rule.name);
            out.member("check", !rule.check.empty() ? rule.check : reads ? traits->reads_need : traits->writes_need);
            out.close('}');
        }
        out.close(']');
    }
    static constexpr std::size_t most_rules = 1024;
};
template <class... Tables>
constexpr ServesPart<Tables...> serves(ServiceTraits const& traits, Tables const&... tables) {
    return {&traits, std::tuple<Tables const*...>(&tables...)};
}

} // namespace volutus
