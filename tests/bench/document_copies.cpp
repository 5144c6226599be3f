// Fills a store that no daemon has open with copies of one of its documents: for lists, shows and starts beside more
// documents than an API makes in a minute. What is unique in a document is told anew in each copy, what it refers to is
// shared. Copies claim nothing of the ledger and take no values, so `volutus verify` finds differences afterwards.
//
//     document_copies STORE.DB KIND ID COUNT
#include <kernel/store/migrate.hpp>
#include <kernel/store/store.hpp>
#include <volutus/formats.hpp>
#include <volutus/json.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

namespace {

namespace store = volutus::kernel::store;
namespace contract = volutus::store;
namespace json = volutus::json;

constexpr std::uint64_t bulk = 500; // documents of an apply

contract::Kind declaration(store::EngineOptions const& database, std::string const& kind) {
    auto const engine = store::open_engine("sqlite", database);
    auto const connection = engine->reader();
    return store::load_schema(*connection).at(kind)->kind;
}

// A value that nobody has, in the form of the one that is there.
std::string another(std::string const& value, std::uint64_t number) {
    bool const mac = value.size() == 17 && value[2] == ':' && value[5] == ':';
    if (!mac) return fmt::format("{}-{}", value, number);
    return fmt::format("0a:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", number >> 32 & 255, number >> 24 & 255,
                       number >> 16 & 255, number >> 8 & 255, number & 255);
}

json::object copy(contract::Kind const& kind, contract::Document const& original, std::string const& id,
                  std::uint64_t number) {
    auto body = original.body;
    for (auto& [key, value] : body)
        if (value.is_string() && json::view(value.as_string()) == original.id) value = id;
    for (auto const& unique : kind.unique) {
        auto* const value = body.if_contains(unique.fields.back());
        if (value && value->is_string()) *value = another(json::text(*value), number);
    }
    return body;
}

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

int main(int count, char** arguments) try {
    if (count != 5) return std::fputs("usage: document_copies STORE.DB KIND ID COUNT\n", stderr), 2;
    store::Options options;
    options.database.path = arguments[1];
    auto const kind = declaration(options.database, arguments[2]);
    store::Store opened(options);
    opened.declare("bench", {kind});
    auto const original = opened.get({kind.name, arguments[3]});
    if (!original) return fmt::print(stderr, "no {} {}\n", kind.name, arguments[3]), 1;
    auto const wanted = number_of(arguments[4]);
    auto const first = opened.revision() * bulk; // beyond the numbers of an earlier run
    for (std::uint64_t made = 0; made < wanted;) {
        contract::Apply apply;
        for (std::uint64_t i = 0; i < bulk && made < wanted; ++i) {
            auto const id = volutus::new_uuid();
            apply.put.push_back({kind.name, id, copy(kind, *original, id, first + ++made)});
        }
        opened.apply("bench", apply);
    }
    return 0;
} catch (std::exception const& error) {
    fmt::print(stderr, "document_copies: {}\n", error.what());
    return 1;
}
