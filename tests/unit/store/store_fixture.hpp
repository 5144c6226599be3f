// A fresh store for every test, on each engine that there is. A new engine joins the suite by its line in `engines`.
#pragma once

#include <kernel/store/store.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace volutus::kernel::store {

inline contract::Kind server_kind() {
    using contract::FieldType;
    contract::Kind kind;
    kind.name = "test.server";
    kind.indexes = {{"project_id"},
                    {"status"},
                    {"name"},
                    {"size", FieldType::integer},
                    {"up", FieldType::boolean},
                    {"load", FieldType::number},
                    {"tags", FieldType::string, true}};
    kind.unique = {{"test.name", {"project_id", "name"}}};
    kind.references = {{"image", "test.image"}, {"group", "test.image", true}};
    kind.lists = {{"project_id", {"status"}, {"name", "size"}}};
    return kind;
}

inline contract::Kind image_kind() {
    contract::Kind kind;
    kind.name = "test.image";
    kind.indexes = {{"name"}};
    kind.unique = {{"test.name", {"project_id", "name"}}};
    kind.blobs = {"data"};
    return kind;
}

inline constexpr auto owner = "test";

class StoreContract : public testing::TestWithParam<std::string> {
protected:
    StoreContract() { reopen(); }

    // Closes the store and opens it anew, with changed options or kinds if wanted.
    void reopen(std::function<void(Options&)> const& change = {}) {
        store_.reset();
        Options options;
        options.engine = GetParam();
        options.database.path = path();
        if (change) change(options);
        store_ = std::make_unique<Store>(options);
        store_->declare(owner, {server_kind(), image_kind()});
    }
    std::string path() const { return folder_ / "store.db"; }

    contract::Applied apply(contract::Apply const& apply) { return store_->apply(owner, apply); }
    std::uint64_t put(std::string const& kind, std::string const& id, std::string_view body) {
        contract::Apply one;
        one.put.push_back({kind, id, json::parse_object(body)});
        return apply(one).revision;
    }
    std::uint64_t put_server(std::string const& id, std::string_view body) { return put("test.server", id, body); }
    std::uint64_t remove(std::string const& kind, std::string const& id) {
        contract::Apply one;
        one.remove.push_back({kind, id});
        return apply(one).revision;
    }
    std::optional<contract::Document> get(std::string const& kind, std::string const& id) {
        return store_->get({kind, id});
    }
    std::vector<std::string> ids(contract::Query const& query) {
        std::vector<std::string> found;
        for (auto const& document : store_->query(query).documents) found.push_back(document.id);
        return found;
    }
    void expect_sound() {
        for (auto const& difference : store_->verify())
            ADD_FAILURE() << difference.place << ": expected " << difference.expected << ", found " << difference.found;
    }

    testkit::TemporaryFolder folder_;
    std::unique_ptr<Store> store_;
};

// What the work is refused with; Code::ok when it is not.
struct Refusal {
    Code code = Code::ok;
    std::string message;
    json::object details;
};
template <class Work> Refusal refusal(Work work) {
    auto const error = testkit::refusal(std::move(work));
    return {error.code(), error.what(), json::parse_object(error.details())};
}

inline std::string param_name(testing::TestParamInfo<std::string> const& info) { return info.param; }
#define VOLUTUS_STORE_ENGINES(suite) INSTANTIATE_TEST_SUITE_P(Engines, suite, testing::Values("sqlite"), param_name)

} // namespace volutus::kernel::store
