// A fake of volutus.store/1 in memory, for unit tests of services: documents, expectations, unique keys by kind, claims
// and quotas, references, taken values, queries with keyset pages, and a feed of documents for who does not wait.
#pragma once

#include <testkit/fake_ledger.hpp>
#include <volutus/address.hpp>
#include <volutus/contract/store.hpp>

#include <boost/json/parse.hpp> // a manifest may be larger than a document of the border

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace volutus::testkit {

class FakeStore {
public:
    std::vector<store::StartTask> tasks; // all that were started
    std::vector<store::Note> notes;
    std::size_t queries = 0;   // pages that were asked for
    FakeLedger::Limits limits; // (account, resource): these hold, whoever sets others

    json::value answer(std::string_view name, std::string_view request) {
        auto const document = json::parse(request);
        if (name == "apply") return json::encode(apply(json::decode<store::Apply>(document)));
        if (name == "get") return json::encode(get(json::decode<store::Get>(document)));
        if (name == "query") return json::encode(query(json::decode<store::Query>(document)));
        if (name == "count") {
            auto const question = json::decode<store::Count>(document);
            return json::encode(store::Counted{matching(question.kind, question.where).size()});
        }
        if (name == "accounts") return json::encode(ledger_.accounts(json::decode<store::AccountQuery>(document)));
        if (name == "changes") return json::encode(changes(json::decode<store::Changes>(document)));
        if (name == "referrers") return json::encode(referrers(json::decode<store::Referrers>(document)));
        throw Error(Code::unsupported, "the fake store has no call " + std::string(name));
    }

    void unique(std::string kind, std::vector<std::string> fields) {
        unique_[std::move(kind)].push_back(std::move(fields));
    }

    // Unique keys and references as a plugin's manifest declares them.
    void declare(std::string const& manifest) {
        auto const document = boost::json::parse(manifest);
        for (auto const& item : document.at("kinds").as_array()) {
            auto const declared = json::decode<store::Kind>(item);
            for (auto const& key : declared.unique) unique(declared.name, key.fields);
            for (auto const& reference : declared.references) references_.emplace(declared.name, reference);
        }
    }

    store::Applied apply(store::Apply const& writes) {
        auto documents = documents_;
        auto ledger = ledger_;
        store::Applied applied;
        applied.revision = revision_ + 1;
        for (auto const& expected : writes.expect) {
            auto const found = documents.find({expected.kind, expected.id});
            bool const met = expected.revision
                                 ? found != documents.end() && found->second.revision == *expected.revision
                                 : found == documents.end();
            if (!met)
                throw Error(Code::precondition,
                            "an expectation about " + expected.kind + " " + expected.id + " is not met");
        }
        for (auto const& row : writes.release) ledger.release(row);
        for (auto const& row : writes.give_back) ledger.give_back(row);
        for (auto const& row : writes.remove) documents.erase({row.kind, row.id});
        for (auto const& row : writes.set) ledger.set(row);
        for (auto const& row : writes.claim) ledger.claim(row, limits);
        for (auto const& row : writes.take) applied.taken.push_back(ledger.take(row));
        for (auto const& row : writes.put)
            documents[{row.kind, row.id}] = store::Document{row.kind, row.id, applied.revision, 1, row.body, false};
        for (std::size_t i = 0; i < writes.take.size(); ++i)
            if (writes.take[i].into) fill(documents, writes, *writes.take[i].into, applied.taken[i]);
        for (auto const& row : writes.put) check_unique(documents, row);
        check_references(documents, writes);
        documents_ = std::move(documents);
        ledger_ = std::move(ledger);
        revision_ = applied.revision;
        for (auto const& row : writes.remove)
            feed_.push_back({revision_, store::Change::remove, row.kind, row.id, false, {}, {}});
        for (auto const& row : writes.put)
            feed_.push_back({revision_, store::Change::put, row.kind, row.id, false, {}, {}});
        tasks.insert(tasks.end(), writes.tasks.begin(), writes.tasks.end());
        notes.insert(notes.end(), writes.notes.begin(), writes.notes.end());
        return applied;
    }

    std::optional<store::Document> get(store::Get const& question) const {
        auto const found = documents_.find({question.kind, question.id});
        if (found == documents_.end()) return std::nullopt;
        return found->second;
    }

    store::Page query(store::Query const& question) {
        ++queries;
        auto rows = matching(question.kind, question.where);
        auto before = [&](store::Document const* a, store::Document const* b) {
            for (auto const& sort : question.sort) {
                auto const x = key(*a, sort.field), y = key(*b, sort.field);
                if (x != y) return sort.descending ? y < x : x < y;
            }
            bool const descending = !question.sort.empty() && question.sort.back().descending;
            return descending ? b->id < a->id : a->id < b->id;
        };
        std::sort(rows.begin(), rows.end(), before);
        store::Page page;
        page.revision = revision_;
        std::size_t at = 0;
        if (question.marker) {
            auto const marker = documents_.find({question.kind, *question.marker});
            if (marker == documents_.end()) throw Error(Code::not_found, "no such marker");
            while (at < rows.size() && !before(&marker->second, rows[at])) ++at;
        }
        std::size_t bytes = 0; // a page ends before it grows beyond a document, as the store's own do
        for (; at < rows.size() && page.documents.size() < std::min<std::size_t>(question.limit, page_most); ++at) {
            bytes += json::print(rows[at]->body).size() + 200;
            if (bytes > VLT_DOCUMENT_MAX && !page.documents.empty()) break;
            page.documents.push_back(*rows[at]);
        }
        page.more = at < rows.size();
        return page;
    }

    store::Feed changes(store::Changes const& wanted) const {
        store::Feed feed;
        feed.revision = revision_;
        for (auto const& entry : feed_)
            if (entry.revision > wanted.since &&
                (wanted.kinds.empty() ||
                 std::find(wanted.kinds.begin(), wanted.kinds.end(), entry.kind) != wanted.kinds.end()))
                feed.entries.push_back(entry);
        return feed;
    }

    store::ReferrerPage referrers(store::Referrers const& question) const {
        store::ReferrerPage page;
        for (auto const& [kind, reference] : references_) {
            if (reference.kind != question.kind || (question.owned && !reference.owned)) continue;
            for (auto const& [key, document] : documents_)
                if (key.first == kind && refers(document, reference.field, question.id))
                    page.referrers.push_back({kind, key.second, reference.field, reference.owned});
        }
        return page;
    }

    std::int64_t used(std::string const& account, std::string const& resource) const {
        return ledger_.used({account, resource});
    }
    std::size_t page_most =
        1000; // a page may end earlier than its limit, as the store's own do when documents are large

private:
    using Documents = std::map<std::pair<std::string, std::string>, store::Document>;

    static void fill(Documents& documents, store::Apply const& writes, store::Into const& into, std::int64_t value) {
        auto const put = std::find_if(writes.put.begin(), writes.put.end(), [&](store::Put const& row) {
            return row.kind == into.kind && row.id == into.id;
        });
        if (put == writes.put.end())
            throw Error(Code::invalid, "a taken value is for " + into.kind + " " + into.id + ", which is not put");
        auto& body = documents.at({into.kind, into.id}).body;
        json::value whole(std::move(body));
        boost::json::error_code error;
        auto* member = whole.find_pointer(into.pointer, error);
        if (!member || member->is_structured())
            throw Error(Code::invalid, "the pointer " + into.pointer + " leads to no plain member of " + into.id);
        if (into.base.empty()) {
            *member = value;
        } else {
            auto const address = address_plus(into.base, value);
            if (!address) throw Error(Code::invalid, into.base + " + " + std::to_string(value) + " is no address");
            *member = json::string(*address);
        }
        body = std::move(whole.get_object());
    }

    static std::string key(store::Document const& document, std::string const& field) {
        if (field == "id") return document.id;
        auto const* value = json::find(document.body, field);
        if (!value || value->is_null()) return {};
        return value->is_string() ? json::text(*value) : json::print(*value);
    }

    static bool holds(store::Document const& document, store::Where const& where) {
        auto const here = where.field == "id" ? json::value(json::string(document.id)) : [&] {
            auto const* value = json::find(document.body, where.field);
            return value ? *value : json::value();
        }();
        auto equals = [&](json::value const& wanted) {
            if (!here.is_array()) return here == wanted;
            auto const& items = here.get_array();
            return std::find(items.begin(), items.end(), wanted) != items.end();
        };
        switch (where.op) {
        case store::Operator::eq: return equals(where.value);
        case store::Operator::ne: return !equals(where.value);
        case store::Operator::in: {
            auto const& any = where.value.as_array();
            return std::any_of(any.begin(), any.end(), equals);
        }
        case store::Operator::prefix:
            return here.is_string() && json::view(here.get_string()).substr(0, where.value.as_string().size()) ==
                                           json::view(where.value.as_string());
        case store::Operator::lt: return here.is_int64() && here.get_int64() < where.value.as_int64();
        default: throw Error(Code::unsupported, "the fake store compares with eq, ne, in, prefix and lt of integers");
        }
    }

    std::vector<store::Document const*> matching(std::string const& kind,
                                                 std::vector<store::Where> const& wheres) const {
        std::vector<store::Document const*> rows;
        for (auto const& [key, document] : documents_) {
            if (key.first != kind) continue;
            auto const all = std::all_of(wheres.begin(), wheres.end(),
                                         [&d = document](auto const& where) { return holds(d, where); });
            if (all) rows.push_back(&document);
        }
        return rows;
    }

    static bool refers(store::Document const& document, std::string const& field, std::string const& id) {
        auto const* value = json::find(document.body, field);
        if (!value) return false;
        if (auto const* text = value->if_string()) return json::view(*text) == id;
        auto const* items = value->if_array();
        return items && std::any_of(items->begin(), items->end(),
                                    [&](json::value const& item) { return item == json::value(json::string(id)); });
    }

    void check_references(Documents const& documents, store::Apply const& writes) const {
        auto refuse = [](store::Document const& from, std::string const& what) {
            throw Error(Code::conflict, from.kind + " " + from.id + " refers to " + what,
                        json::print(json::object{{"kind", from.kind}, {"id", from.id}}));
        };
        for (auto const& row : writes.put) {
            auto const& document = documents.at({row.kind, row.id});
            auto const [first, last] = references_.equal_range(row.kind);
            for (auto at = first; at != last; ++at) {
                auto const* value = json::find(document.body, at->second.field);
                if (!value || value->is_null()) continue;
                auto const ids = value->is_array() ? value->get_array() : json::array{*value};
                for (auto const& id : ids)
                    if (!id.as_string().empty() && !documents.count({at->second.kind, json::text(id)}))
                        refuse(document, at->second.kind + " " + json::text(id) + ", which is not there");
            }
        }
        for (auto const& row : writes.remove)
            for (auto const& [kind, reference] : references_) {
                if (reference.kind != row.kind || documents.count({row.kind, row.id})) continue;
                for (auto const& [key, document] : documents)
                    if (key.first == kind && refers(document, reference.field, row.id))
                        refuse(document, row.kind + " " + row.id);
            }
    }

    void check_unique(Documents const& documents, store::Put const& put) const {
        auto const declared = unique_.find(put.kind);
        if (declared == unique_.end()) return;
        auto const& mine = documents.at({put.kind, put.id});
        for (auto const& fields : declared->second)
            for (auto const& [key_of, other] : documents) {
                if (key_of.first != put.kind || key_of.second == put.id) continue;
                auto same = [&, &o = other](auto const& field) {
                    auto const* here = json::find(mine.body, field);
                    return here && !here->is_null() && key(mine, field) == key(o, field);
                };
                if (std::all_of(fields.begin(), fields.end(), same))
                    throw Error(Code::conflict, put.kind + " " + other.id + " has these values already");
            }
    }

    Documents documents_;
    FakeLedger ledger_;
    std::map<std::string, std::vector<std::vector<std::string>>> unique_;
    std::multimap<std::string, store::Reference> references_; // by the kind that refers
    std::vector<store::FeedEntry> feed_;
    std::uint64_t revision_ = 0;
};

} // namespace volutus::testkit
