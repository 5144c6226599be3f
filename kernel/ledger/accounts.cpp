// Reading the ledger: pages of accounts and claims, and the proof that use is what the claims say.
#include <kernel/ledger/ledger.hpp>

#include <fmt/format.h>

namespace volutus::kernel::ledger {

namespace contract = volutus::store;

namespace {
// The cursor is a place in the order (account, resource, consumer): what was told last.
struct Cursor {
    std::string account, resource, consumer;
};

Cursor parse_cursor(contract::AccountQuery const& query) {
    if (!query.after) return {};
    Cursor cursor;
    try {
        auto const parts = json::decode<std::vector<std::string>>(json::parse(*query.after));
        if (parts.size() == 3) return {parts[0], parts[1], parts[2]};
    } catch (Error const&) { // falls through to the one refusal below
    }
    throw Error(Code::invalid, "`after` is not the next_after of a page of accounts");
}

std::string print(contract::Account const& account, std::string_view consumer) {
    return json::print(json::array{account.account, account.resource, json::string(consumer)});
}

std::string select(contract::AccountQuery const& query, std::vector<store::Bind>& binds, Cursor const& cursor) {
    std::string sql = fmt::format("SELECT {} FROM ledger_accounts a", account_columns);
    auto where = [&, first = true](std::string_view column, std::string_view op, std::string const& value) mutable {
        binds.emplace_back(value);
        sql += fmt::format(" {} {} {} ?{}", first ? "WHERE" : "AND", column, op, binds.size());
        first = false;
    };
    if (query.consumer) {
        sql += " JOIN ledger_claims c ON c.account = a.account AND c.resource = a.resource";
        where("c.consumer", "=", *query.consumer);
    }
    if (query.account) where("a.account", "=", *query.account);
    if (query.resource) where("a.resource", "=", *query.resource);
    if (query.after) {
        binds.emplace_back(cursor.account);
        binds.emplace_back(cursor.resource);
        sql += fmt::format(" AND (a.account, a.resource) >= (?{}, ?{})", binds.size() - 1, binds.size());
    }
    return sql + " ORDER BY a.account, a.resource";
}

// Adds the claims that the query asks to see; false when the page was full before all of them were told.
bool add_claims(store::Connection& connection, contract::AccountQuery const& query, contract::Account const& account,
                std::string const& after, contract::Accounts& page) {
    if (!query.consumer && !query.account) return true;
    auto rows =
        query.consumer
            ? connection.query("SELECT consumer, amount FROM ledger_claims WHERE account = ?1 AND resource = ?2 AND "
                               "consumer = ?3",
                               account.account, account.resource, *query.consumer)
            : connection.query("SELECT consumer, amount FROM ledger_claims WHERE account = ?1 AND resource = ?2 AND "
                               "consumer > ?3 ORDER BY consumer",
                               account.account, account.resource, after);
    while (rows.next()) {
        if (page.claims.size() >= query.limit) {
            page.next_after = print(account, page.claims.back().consumer);
            return false;
        }
        page.claims.push_back({account.account, account.resource, rows.string(0), rows.integer(1)});
    }
    return true;
}
} // namespace

std::vector<contract::Account> accounts_of(store::Connection& connection, std::string_view account) {
    static std::string const sql = fmt::format("SELECT {} FROM ledger_accounts a WHERE account = ?1", account_columns);
    std::vector<contract::Account> found;
    auto rows = connection.query(sql, account);
    while (rows.next()) found.push_back(read_account(rows));
    return found;
}

contract::Accounts accounts(store::Connection& connection, contract::AccountQuery const& query) {
    if (!query.account && !query.resource && !query.consumer)
        throw Error(Code::invalid, "a query of accounts names an account, a resource or a consumer");
    if (query.limit < 1 || query.limit > 1000) throw Error(Code::invalid, "the limit of a page is 1 to 1000");
    auto const cursor = parse_cursor(query);
    std::vector<store::Bind> binds;
    auto const sql = select(query, binds, cursor);
    auto rows = connection.query(sql, std::span<store::Bind const>(binds));
    contract::Accounts page;
    while (rows.next()) {
        auto account = read_account(rows);
        bool const again = query.after && account.account == cursor.account && account.resource == cursor.resource;
        if (again && cursor.consumer.empty()) continue; // told whole on the page before
        if (page.accounts.size() >= query.limit || page.claims.size() >= query.limit) {
            page.next_after = print(page.accounts.back(), "");
            return page;
        }
        page.accounts.push_back(account);
        if (!add_claims(connection, query, account, again ? cursor.consumer : "", page)) return page;
    }
    return page;
}

void verify(store::Connection& connection, std::vector<store::Difference>& found) {
    struct State {
        std::string parent;
        std::int64_t used = 0, expected = 0;
    };
    std::map<std::pair<std::string, std::string>, State> states;
    auto accounts = connection.query("SELECT account, resource, parent, used FROM ledger_accounts");
    while (accounts.next())
        states[{accounts.string(0), accounts.string(1)}] = {accounts.string(2), accounts.integer(3)};
    auto claims = connection.query("SELECT account, resource, consumer, amount FROM ledger_claims");
    while (claims.next()) {
        auto name = claims.string(0);
        auto const resource = claims.string(1);
        if (!states.contains({name, resource}))
            found.push_back({fmt::format("claim of {}", claims.text(2)),
                             fmt::format("the account {}/{}", name, resource), "no such account"});
        std::size_t depth = 0;
        for (auto at = states.find({name, resource}); at != states.end(); at = states.find({name, resource})) {
            at->second.expected += claims.integer(3);
            name = at->second.parent;
            if (++depth > states.size()) {
                found.push_back(
                    {fmt::format("account {}/{}", at->first.first, resource), "a chain of parents", "a ring"});
                break;
            }
        }
    }
    for (auto const& [key, state] : states) {
        auto const place = fmt::format("account {}/{}", key.first, key.second);
        if (state.used != state.expected)
            found.push_back({place, fmt::format("{} used", state.expected), fmt::format("{} used", state.used)});
        if (!state.parent.empty() && !states.contains({state.parent, key.second}))
            found.push_back({place, fmt::format("the parent {}", state.parent), "no such account"});
    }
}

} // namespace volutus::kernel::ledger
