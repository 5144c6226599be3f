// Lists: scope, filters, sort and pages from the query, one store query a page, and the links to what comes next.
#include <volutus/resource.hpp>

#include <algorithm>
#include <charconv>

namespace volutus {

namespace {

constexpr std::size_t piece = 64 * 1024; // of a reply that is written as it is made

std::string percent(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (unsigned char c : text) {
        if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == ':') {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += digits[c >> 4];
            out += digits[c & 15];
        }
    }
    return out;
}

[[noreturn]] void refuse_query(std::string_view name, std::string_view value, std::string_view expected) {
    throw Error(Code::invalid, "Invalid input for query parameter " + std::string(name) + ": '" + std::string(value) +
                                   "'; expected " + std::string(expected) + ".");
}

// A value of the query as the field's type.
json::value typed(Field const* row, std::string_view name, std::string const& text) {
    auto const schema = !row ? "string" : row->type->schema == "array" ? row->type->items : row->type->schema;
    if (schema == "integer") {
        std::int64_t number = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) refuse_query(name, text, "an integer");
        return number;
    }
    if (schema == "boolean") {
        for (std::string_view yes : {"true", "True", "TRUE", "1"})
            if (text == yes) return true;
        for (std::string_view no : {"false", "False", "FALSE", "0"})
            if (text == no) return false;
        refuse_query(name, text, "true or false");
    }
    return json::string(text);
}

class Listing {
public:
    Listing(Request& request, ListRow const& row, ListHooks hooks)
        : request_(request), row_(row), resource_(request.resource()), hooks_(std::move(hooks)) {
        query_.where = std::move(hooks_.where);
        query_.removed = hooks_.removed;
        read_scope();
        read_filters();
        read_sort();
        read_page();
    }

    Reply run(bool& wrote) {
        request_.call().check();
        auto page = next_page();
        out_ = "{" + json::print(json::value(json::string(resource_.plural))) + ":[";
        bool more = false;
        while (true) {
            more = page.more;
            auto objects = chosen(page, more);
            if (backwards_) std::reverse(objects.begin(), objects.end());
            if (hooks_.before_view) {
                std::vector<void*> all;
                for (auto const& object : objects) all.push_back(object.get());
                hooks_.before_view(all);
            }
            for (auto const& object : objects) {
                write_row(object.get());
                if (out_.size() > piece) flush(wrote);
            }
            if (!more || left_ == 0) break;
            request_.call().check();
            page = next_page();
        }
        out_ += "]";
        write_links(more);
        if (!row_.beside_key.empty()) write_member(row_.beside_key, json::string(row_.beside_text));
        out_ += "}";
        Reply reply(request_.route().status_code);
        reply.header("Content-Type", "application/json");
        if (wrote) {
            flush(wrote);
            reply.streamed = true;
        } else {
            reply.text = std::move(out_);
        }
        return reply;
    }

private:
    Field const* stored_row(std::string_view field) const {
        for (auto const& row : resource_.fields)
            if (row.stored() && (row.name == field.substr(0, field.find('.')))) return &row;
        return nullptr;
    }

    void read_scope() {
        auto const* scope = resource_.scope();
        if (!scope || request_.by_the_cloud()) return;
        bool const asked = row_.all_query.empty() || request_.flag(row_.all_query);
        if (!row_.all_rule.name.empty() && asked && request_.traits().asks_policy) {
            if (!row_.all_query.empty()) request_.enforce(row_.all_rule, request_.own_target());
            if (request_.may(row_.all_rule, request_.own_target())) return;
        }
        auto const project = json::string(request_.project());
        if (row_.reach.empty())
            query_.where.push_back(where(scope->name, project));
        else
            query_.where.push_back(where(row_.reach, json::array{project, "*"}));
    }

    // The filter of a name; a field's second name filters as its first.
    QueryKey const* filter_for(std::string_view name) const {
        for (std::size_t i = 0; i < row_.filter_count; ++i) {
            auto const& key = row_.filter_rows[i];
            if (!within(key.since, key.until, request_.version())) continue;
            if (key.name == name) return &key;
            auto const* field = stored_row(key.field);
            if (field && !field->also_as.empty() && field->also_as == name) return &key;
        }
        return nullptr;
    }

    bool is_reserved(std::string_view name) const {
        for (std::string_view known : {"limit", "marker", "sort_key", "sort_dir", "sort", "fields", "page_reverse"})
            if (name == known) return true;
        return name == row_.all_query ||
               std::find(row_.queries.begin(), row_.queries.end(), name) != row_.queries.end();
    }

    void read_filters() {
        std::vector<std::string_view> done;
        for (auto const& pair : request_.http().query) {
            auto const* key = filter_for(pair.name);
            if (!key) {
                if (request_.traits().refuses_unknown_queries && !is_reserved(pair.name))
                    refuse_query(pair.name, pair.value, "no such parameter");
                continue;
            }
            if (!stored_row(key->field) && key->field != "id") continue; // the handler's own
            if (std::find(done.begin(), done.end(), pair.name) != done.end()) continue;
            done.push_back(pair.name);
            json::array values;
            for (auto const& text : request_.queries(pair.name))
                values.push_back(typed(stored_row(key->field), pair.name, text));
            if (values.size() > 200) refuse_query(pair.name, "...", "at most 200 values");
            query_.where.push_back(where(key->field, values.size() == 1 ? values.front() : json::value(values)));
        }
    }

    void add_sort(std::string_view name, std::string_view direction) {
        QueryKey const* found = nullptr;
        for (std::size_t i = 0; i < row_.sort_count; ++i)
            if (row_.sort_rows[i].name == name) found = &row_.sort_rows[i];
        if (!found && name != "id") refuse_query("sort_key", name, "a field that this list can be sorted by");
        bool descending = row_.default_descending;
        if (direction == "asc" || direction == "desc")
            descending = direction == "desc";
        else if (!direction.empty())
            refuse_query("sort_dir", direction, "asc or desc");
        query_.sort.push_back({std::string(found ? found->field : name), descending});
        if (query_.sort.size() > 8) refuse_query("sort_key", name, "at most 8 keys");
    }

    void read_sort() {
        auto const keys = request_.queries("sort_key"), directions = request_.queries("sort_dir");
        for (std::size_t i = 0; i < keys.size(); ++i)
            add_sort(keys[i], i < directions.size() ? std::string_view(directions[i]) : std::string_view());
        if (auto const sort = request_.query("sort"); sort && keys.empty()) {
            for (std::string_view left = *sort; !left.empty();) {
                auto const part = left.substr(0, left.find(','));
                auto const colon = part.find(':');
                add_sort(part.substr(0, colon), colon == part.npos ? std::string_view() : part.substr(colon + 1));
                left.remove_prefix(std::min(left.size(), part.size() + 1));
            }
        }
        if (query_.sort.empty() && stored_row(row_.default_sort))
            query_.sort.push_back({std::string(row_.default_sort), row_.default_descending});
        if (request_.flag("page_reverse")) {
            backwards_ = true;
            if (query_.sort.empty()) query_.sort.push_back({"id", false});
            for (auto& sort : query_.sort) sort.descending = !sort.descending;
        }
    }

    void read_page() {
        auto const largest = std::clamp<std::uint32_t>(request_.traits().page_limit, 1, 1000);
        left_ = request_.traits().whole_lists && !backwards_ ? whole : largest;
        if (auto const text = request_.query("limit")) {
            std::uint64_t number = 0;
            auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
            if (error != std::errc() || end != text->data() + text->size())
                refuse_query("limit", *text, "an integer that is not negative");
            limited_ = number > 0;
            if (limited_) left_ = std::min<std::uint64_t>(number, largest);
        }
        if (auto const marker = request_.query("marker"); marker && !marker->empty()) {
            query_.marker = *marker;
            marked_ = true;
        }
    }

    // A page of the store may end before its limit, when its documents are large.
    store::Page next_page() {
        // Rows that are not kept have to be read too; a page of a few would be a query for each few.
        query_.limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(hooks_.keep ? 1000 : left_, 1000));
        try {
            auto page = request_.store().page(resource_, query_);
            if (page.documents.empty())
                page.more = false;
            else
                query_.marker = page.documents.back().id;
            return page;
        } catch (Error const& error) {
            if (error.code() != Code::not_found || !query_.marker) throw;
            throw Error(request_.traits().unknown_marker, "marker [" + *query_.marker + "] not found");
        }
    }

    // The objects of a page that are shown. `more` becomes true where the list is full before the page ends.
    std::vector<std::shared_ptr<void>> chosen(store::Page& page, bool& more) {
        std::vector<std::shared_ptr<void>> objects;
        for (auto& document : page.documents) {
            if (left_ == 0) {
                more = true;
                break;
            }
            auto object = resource_.make();
            read_stored(resource_, std::move(document), object.get());
            if (hooks_.keep && !hooks_.keep(object.get())) continue;
            if (left_ != whole) --left_;
            objects.push_back(std::move(object));
        }
        return objects;
    }

    void write_row(void const* object) {
        last_id_ = id_of(resource_, object);
        if (first_id_.empty()) first_id_ = last_id_;
        auto shown = request_.view_object(resource_, object);
        if (any_) out_ += ',';
        any_ = true;
        if (row_.wraps_items)
            out_ += json::print(json::object{{json::string(resource_.noun), std::move(shown)}});
        else
            out_ += json::print(shown);
    }

    void flush(bool& wrote) {
        request_.output().write(out_.data(), out_.size());
        out_.clear();
        wrote = true;
    }

    std::string href(std::string_view base, std::string_view marker, bool reverse) const {
        std::string out(base);
        out += request_.http().path;
        char join = '?';
        auto add = [&](std::string_view name, std::string_view value) {
            out += join;
            out += percent(name) + "=" + percent(value);
            join = '&';
        };
        for (auto const& pair : request_.http().query)
            if (pair.name != "marker" && pair.name != "page_reverse") add(pair.name, pair.value);
        if (!marker.empty()) add("marker", marker);
        if (reverse) add("page_reverse", "True");
        return out;
    }

    void write_member(std::string_view key, json::value const& value) {
        out_ += "," + json::print(json::value(json::string(key))) + ":" + json::print(value);
    }

    void write_links(bool more) {
        auto const& base = request_.http().base;
        auto link = [&](std::string_view relation, std::string href) {
            return json::object{{"rel", relation}, {"href", std::move(href)}};
        };
        bool const next = backwards_ ? marked_ : more;
        bool const previous = backwards_ ? more : marked_;
        switch (request_.traits().pages) {
        case Pages::none: return;
        case Pages::key_links:
        case Pages::key_links_both: {
            bool const both = request_.traits().pages == Pages::key_links_both;
            if (both && !limited_) return;
            json::array links;
            if (next && any_) links.push_back(link("next", href(base, last_id_, false)));
            if (both && previous && any_) links.push_back(link("previous", href(base, first_id_, true)));
            if (!links.empty()) write_member(std::string(resource_.plural) + "_links", links);
            return;
        }
        case Pages::links: {
            json::object links{{"next", nullptr}, {"self", base + request_.http().path}, {"previous", nullptr}};
            if (next && any_) links["next"] = href(base, last_id_, false);
            write_member("links", links);
            return;
        }
        case Pages::next:
            write_member("first", json::string(href({}, {}, false)));
            if (next && any_) write_member("next", json::string(href({}, last_id_, false)));
            return;
        }
    }

    static constexpr std::uint64_t whole = ~std::uint64_t{0};

    Request& request_;
    ListRow const& row_;
    Resource const& resource_;
    ListHooks hooks_;
    store::Query query_;
    std::uint64_t left_ = 0; // rows that may still come
    bool limited_ = false, marked_ = false, backwards_ = false, any_ = false;
    std::string out_, first_id_, last_id_;
};

} // namespace

Reply Request::list(ListHooks hooks) {
    if (route().does != RouteRow::Does::list)
        throw Error(Code::internal, "the route " + parts_.http.route + " is no list");
    return Listing(*this, static_cast<ListRow const&>(route()), std::move(hooks)).run(*wrote_);
}

} // namespace volutus
