// Bodies of requests: read, taken out of their envelope, and checked against the rows before a handler sees them.
#include <volutus/resource.hpp>

#include <charconv>

namespace volutus {

namespace {

std::string_view envelope_of(Resource const& resource, RouteRow const& route) {
    return route.envelope_key.empty() ? resource.noun : route.envelope_key;
}

// What older clients send: "True" for true, "5" for 5, 5 for "5". What is no such thing stays, and is refused later.
json::value leniently(json::value const& value, std::string_view schema) {
    if (schema == "boolean" && value.is_string()) {
        auto const text = json::view(value.get_string());
        for (std::string_view yes : {"true", "True", "TRUE", "1", "on", "yes"})
            if (text == yes) return true;
        for (std::string_view no : {"false", "False", "FALSE", "0", "off", "no"})
            if (text == no) return false;
    } else if (schema == "boolean" && value.is_int64() && (value.get_int64() == 0 || value.get_int64() == 1)) {
        return value.get_int64() == 1;
    } else if (schema == "integer" && value.is_string()) {
        auto const text = json::view(value.get_string());
        std::int64_t number = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size() && !text.empty()) return number;
    } else if (schema == "string" && value.is_number()) {
        return json::string(json::print(value));
    }
    return value;
}

enum class Purpose { create, update, whole };

bool takes(Field const& row, Purpose purpose, Version version) {
    if (!row.stored() || !within(row.since, row.until, version)) return false;
    return purpose == Purpose::whole || (purpose == Purpose::create ? row.creatable : row.writable);
}

class BodyReader {
public:
    BodyReader(Request& request, Fields rows, Purpose purpose) : request_(request), rows_(rows), purpose_(purpose) {}

    void read(json::object const& from, void* into, json::Path const& at) {
        std::vector<bool> given(rows_.count);
        for (auto const& [key, value] : from) {
            if (keep(key, value, into)) continue;
            if (auto const* row = row_for(key, json::Path{&at, key})) {
                given[static_cast<std::size_t>(row - rows_.first)] = true;
                read_one(*row, value, into, json::Path{&at, key});
            }
        }
        if (purpose_ == Purpose::update) return;
        for (std::size_t i = 0; i < rows_.count; ++i) {
            auto const& row = rows_.first[i];
            if (given[i] || !takes(row, purpose_, request_.version())) continue;
            json::Path const here{&at, row.name};
            if (row.required) json::refuse(here, "a value; it is required");
            if (!row.fallback.empty())
                row.type->decode(json::parse(row.fallback), row.at(into), here, json::Unknown::refused);
        }
    }

private:
    static bool names(Field const& row, std::string_view key) {
        return row.name == key || (!row.also_as.empty() && row.also_as == key);
    }

    // A key that no row names, where the table has a place for those; null takes it away again.
    bool keep(std::string_view key, json::value const& value, void* into) const {
        Field const* rest = nullptr;
        for (auto const& row : rows_) {
            if (names(row, key)) return false;
            if (row.keeps_rest) rest = &row;
        }
        if (!rest) return false;
        auto& kept = *static_cast<json::object*>(rest->at(into));
        if (value.is_null())
            kept.erase(key);
        else
            kept[key] = value;
        return true;
    }

    Field const* row_for(std::string_view key, json::Path const& at) const {
        bool known = false;
        for (auto const& row : rows_) {
            if (!names(row, key)) continue;
            if (takes(row, purpose_, request_.version())) return &row;
            known = known || within(row.since, row.until, request_.version());
        }
        if (request_.traits().ignores_unknown_keys) return nullptr;
        json::refuse(at, known ? "no such key here; the field cannot be set" : "no such key; it is unknown here");
    }

    void read_one(Field const& row, json::value const& value, void* into, json::Path const& at) {
        check_policy(row, value);
        if (request_.traits().lenient)
            decode(row, leniently(value, row.type->schema), into, at);
        else
            decode(row, value, into, at);
    }

    void check_policy(Field const& row, json::value const& value) {
        auto const& rule = purpose_ == Purpose::update ? row.updated_by : row.created_by;
        if (rule.name.empty()) return;
        // To name one's own project is what every client does; to name another's needs the rule.
        bool const own = row.name == request_.resource().scope_field && value.is_string() &&
                         request_.caller().project && json::view(value.get_string()) == request_.caller().project->id;
        if (!own) request_.enforce(rule, request_.own_target());
    }

    Request& request_;
    Fields rows_;
    Purpose purpose_;
};

Purpose purpose_of(RouteRow const& route) {
    return route.does == RouteRow::Does::update ? Purpose::update : Purpose::create;
}

} // namespace

json::value Request::read_document() const {
    if (!parts_.http.body) return nullptr;
    std::string text;
    auto stream = input();
    constexpr std::size_t step = 16384;
    while (text.size() <= VLT_DOCUMENT_MAX) {
        auto const before = text.size();
        text.resize(before + step);
        auto const count = stream.read(text.data() + before, step);
        text.resize(before + count);
        if (count == 0) break;
    }
    if (text.empty()) return nullptr;
    return json::parse(text);
}

json::value const& Request::document() {
    if (!document_) document_ = read_document();
    return *document_;
}

// One resource's keys: under the envelope's key, or bare.
json::object const& Request::open_body(json::value const& from, json::Path const& at) const {
    auto const* object = from.if_object();
    if (!object) json::refuse(at, "an object");
    return *object;
}

void Request::open_bodies() {
    if (bodies_) return;
    auto const& sent = document();
    std::vector<json::object> found;
    json::Path const root{};
    auto const& row = route();
    bool const bare = row.is_bare || (traits().bare && row.envelope_key.empty());
    auto const key = row.does == RouteRow::Does::action ? row.action_name : envelope_of(resource(), row);
    if (row.does == RouteRow::Does::action) {
        auto const* inside = sent.is_object() ? sent.get_object().if_contains(key) : nullptr;
        if (inside && inside->is_object())
            found.push_back(inside->get_object());
        else if (inside && !inside->is_null() && row.takes)
            json::refuse(json::Path{&root, key}, "an object");
        else
            found.emplace_back(); // {"os-stop": null}, and what a handler reads from document() itself
    } else if (sent.is_null() && row.does == RouteRow::Does::route) {
        found.emplace_back();
    } else if (bare || (row.does == RouteRow::Does::route && row.envelope_key.empty())) {
        found.push_back(open_body(sent, root));
    } else {
        auto const& outer = open_body(sent, root);
        auto const* many = row.is_bulk ? outer.if_contains(resource().plural) : nullptr;
        auto const* one = outer.if_contains(key);
        if (!many && !one)
            json::refuse(json::Path{&root, key}, "an object; the body is {\"" + std::string(key) + "\": {...}}");
        // A name with a colon is an extension that stands beside the resource, such as scheduler hints.
        for (auto const& [name, value] : outer)
            if (name != key && !(many && name == resource().plural) &&
                std::string_view(name).find(':') == std::string_view::npos && !traits().ignores_unknown_keys)
                json::refuse(json::Path{&root, name}, "no such key; it is unknown here");
        if (many) {
            if (!many->is_array() || many->get_array().empty())
                json::refuse(json::Path{&root, resource().plural}, "an array that is not empty");
            if (many->get_array().size() > 500) json::refuse(json::Path{&root, resource().plural}, "at most 500 items");
            json::Path const list{&root, resource().plural};
            for (std::size_t i = 0; i < many->get_array().size(); ++i)
                found.push_back(open_body(many->get_array()[i], json::Path{&list, {}, i}));
        } else {
            found.push_back(open_body(*one, json::Path{&root, key}));
        }
        many_ = many != nullptr;
    }
    bodies_ = std::move(found);
}

bool Request::has_many() {
    open_bodies();
    return many_;
}

std::vector<json::object> const& Request::bodies() {
    open_bodies();
    return *bodies_;
}

json::object const& Request::body() { return bodies().front(); }

void Request::decode_body(json::object const& from, Fields own, void const* type, void* into) {
    json::Path const root{};
    auto const key = route().does == RouteRow::Does::action ? route().action_name : envelope_of(resource(), route());
    bool const bare = route().is_bare || (traits().bare && route().envelope_key.empty());
    json::Path const at = bare ? root : json::Path{&root, key};
    if (own.count > 0) return BodyReader(*this, own, Purpose::whole).read(from, into, at);
    if (type && type != resource().type)
        throw Error(Code::internal, "the handler of " + parts_.http.route +
                                        " takes a struct without rows_of() that is not the resource's");
    BodyReader(*this, resource().fields, purpose_of(route())).read(from, into, at);
}

void Request::change_object(void* object) { decode_body(body(), {}, nullptr, object); }

void Request::decode_nth(std::size_t index, void* object) { decode_body(bodies().at(index), {}, nullptr, object); }

void Request::check_body() {
    for (std::size_t i = 0; i < bodies().size(); ++i) decode_nth(i, resource().make().get());
}

} // namespace volutus
