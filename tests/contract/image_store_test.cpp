// volutus.image_store/1: every driver keeps these, over both links. A new driver is one more line of `drivers`.
#include "contract/link_fixture.hpp"

#include <testkit/temporary_folder.hpp>
#include <volutus/contract/image_store.hpp>

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

namespace volutus::test {
namespace {

using namespace image_store;
using testing::IsEmpty;

struct Driver {
    char const *name, *library;
};
constexpr Driver drivers[] = {{"file", IMAGE_FILE}};

constexpr auto first = "11111111-1111-4111-8111-111111111111";
constexpr auto second = "22222222-2222-4222-8222-222222222222";

class ImageStores : public testing::TestWithParam<std::tuple<Driver, std::string>> {
protected:
    void SetUp() override { open(); }
    void TearDown() override { close(); }
    void open() {
        auto const& [driver, kind] = GetParam();
        auto host = kernel_.host_of("driver");
        if (kind == "in_process") {
            auto const library = open_library(driver.library);
            link_ = std::make_shared<InProcessLink>(host, library.entry, library.keep, std::chrono::seconds(20));
        } else {
            auto options = quick("");
            options.library = driver.library;
            link_ = std::make_shared<ProcessLink>(host, options);
        }
        link_->configure(json::print(json::object{{"directory", folder_ / "images"}}));
        link_->start();
        kernel_.registry.add("driver", std::string(image_store::contract.name), "", link_);
    }
    void close() {
        kernel_.registry.remove("driver");
        link_.reset();
    }

    Object save(std::string const& id, MemoryStream& data) {
        return stores_.with(&data, nullptr).call<&ImageStore::save>(root_.call, Key{id});
    }
    Object save(std::string const& id, std::string bytes) {
        MemoryStream data(std::move(bytes));
        return save(id, data);
    }
    std::string load(Range const& range) {
        MemoryStream out;
        stores_.with(nullptr, &out).call<&ImageStore::load>(root_.call, range);
        if (!out.given) return out.output;
        std::string bytes(out.given_length, '\0');
        auto const offset = static_cast<off_t>(range.offset);
        EXPECT_EQ(::pread(out.given.get(), bytes.data(), bytes.size(), offset), static_cast<ssize_t>(bytes.size()));
        return bytes;
    }
    std::vector<std::string> listed(List const& list = {}) {
        std::vector<std::string> ids;
        for (auto const& object : stores_.call<&ImageStore::list>(root_.call, list).objects) ids.push_back(object.id);
        return ids;
    }
    std::optional<Object> show(std::string const& id) { return stores_.call<&ImageStore::show>(root_.call, Key{id}); }
    void remove(std::string const& id) { stores_.call<&ImageStore::remove>(root_.call, Key{id}); }

    testkit::TemporaryFolder folder_;
    Kernel kernel_;
    std::shared_ptr<Link> link_;
    RootCall root_;
    Client<image_store::contract> stores_{kernel_.registry.host()};
};
INSTANTIATE_TEST_SUITE_P(Drivers, ImageStores,
                         testing::Combine(testing::ValuesIn(drivers), testing::Values("in_process", "process")),
                         [](auto const& info) {
                             return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param);
                         });

TEST_P(ImageStores, WhatWasSavedIsLoaded) {
    std::string bytes(3'000'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 >> 3);
    EXPECT_EQ(save(first, bytes).size, bytes.size());
    EXPECT_EQ(load({first, 0, 0}), bytes);
    EXPECT_EQ(load({first, 1'000'001, 70'000}), bytes.substr(1'000'001, 70'000));
    EXPECT_EQ(show(first)->size, bytes.size());
}

TEST_P(ImageStores, NothingIsDataToo) {
    EXPECT_EQ(save(first, "").size, 0u);
    EXPECT_EQ(load({first, 0, 0}), "");
    EXPECT_EQ(show(first)->size, 0u);
}

TEST_P(ImageStores, SavingAgainReplaces) {
    save(first, "a long first version");
    save(first, "second");
    EXPECT_EQ(load({first, 0, 0}), "second");
}

TEST_P(ImageStores, AnInputThatFailsLeavesWhatWasThere) {
    save(first, "whole");
    for (auto const* id : {first, second}) {
        MemoryStream broken(std::string(2'000'000, 'x'));
        broken.read = [](vlt_stream* raw, vlt_span into, std::uint64_t* count) -> vlt_status {
            auto& self = *static_cast<MemoryStream*>(raw);
            if (self.at > 1'500'000) return VLT_CANCELLED;
            *count = std::min<std::uint64_t>(into.size, self.input.size() - self.at);
            std::copy_n(self.input.data() + self.at, *count, static_cast<char*>(into.data));
            self.at += *count;
            return VLT_OK;
        };
        EXPECT_EQ(refusal([&] { save(id, broken); }).code(), Code::cancelled);
    }
    EXPECT_EQ(load({first, 0, 0}), "whole");
    EXPECT_FALSE(show(second));
    EXPECT_EQ(listed(), std::vector<std::string>{first});
}

TEST_P(ImageStores, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(refusal([&] { load({first, 0, 0}); }).code(), Code::not_found);
    EXPECT_FALSE(show(first));
    EXPECT_THAT(listed(), IsEmpty());
}

TEST_P(ImageStores, RemovingWhatIsGoneSucceeds) {
    save(first, "bytes");
    remove(first);
    remove(first);
    EXPECT_FALSE(show(first));
}

TEST_P(ImageStores, AnIdThatIsNoUuidIsRefused) {
    for (auto const* id : {"", "x", "../11111111-1111-4111-8111-11111111111", "/etc/passwd"}) {
        EXPECT_EQ(refusal([&] { save(id, "x"); }).code(), Code::invalid) << id;
        EXPECT_EQ(refusal([&] { load({id, 0, 0}); }).code(), Code::invalid) << id;
        EXPECT_EQ(refusal([&] { remove(id); }).code(), Code::invalid) << id;
        EXPECT_EQ(refusal([&] { show(id); }).code(), Code::invalid) << id;
    }
}

TEST_P(ImageStores, ARangeBeyondTheDataIsRefused) {
    save(first, "12345");
    EXPECT_EQ(load({first, 5, 0}), "");
    EXPECT_EQ(refusal([&] { load({first, 6, 0}); }).code(), Code::invalid);
    EXPECT_EQ(refusal([&] { load({first, 3, 3}); }).code(), Code::invalid);
    EXPECT_EQ(refusal([&] { load({first, 1, ~std::uint64_t{0}}); }).code(), Code::invalid);
}

TEST_P(ImageStores, TheyAreListedByIdPageByPage) {
    save(second, "22");
    save(first, "1");
    EXPECT_EQ(listed(), (std::vector<std::string>{first, second}));
    List page;
    page.limit = 1;
    EXPECT_TRUE(stores_.call<&ImageStore::list>(root_.call, page).more);
    page.after = first;
    EXPECT_EQ(listed(page), std::vector<std::string>{second});
    EXPECT_FALSE(stores_.call<&ImageStore::list>(root_.call, page).more);
    page.limit = 0;
    EXPECT_EQ(refusal([&] { listed(page); }).code(), Code::invalid);
}

TEST_P(ImageStores, ItStaysWhenTheDriverStartsAgainAndHalfOfASaveDoesNot) {
    save(first, "stays");
    close();
    std::ofstream(folder_ / "images/" + second + ".1.part") << "half";
    open();
    EXPECT_EQ(load({first, 0, 0}), "stays");
    EXPECT_EQ(listed(), std::vector<std::string>{first});
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "images"), {}), 1);
}

TEST_P(ImageStores, ManySaveAtOnce) {
    std::vector<world::Thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back("save", [this, i] {
            RootCall root;
            MemoryStream data(std::string(300'000, static_cast<char>('a' + i)));
            stores_.with(&data, nullptr).call<&ImageStore::save>(root.call, Key{i % 2 ? first : second});
        });
    threads.clear();
    for (auto const* id : {first, second}) {
        auto const bytes = load({id, 0, 0});
        EXPECT_EQ(bytes, std::string(300'000, bytes.at(0))) << "two saves were mixed";
    }
}

} // namespace
} // namespace volutus::test
