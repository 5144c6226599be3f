#include <kernel/events/webhooks.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sys/stat.h>

namespace volutus::kernel::events {

namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto patience = std::chrono::seconds(30);

// Takes what it is sent, as long as it is well.
class Receiver {
public:
    Connect connect() {
        return [this](WebhookOptions const&, plugin::Cancellation& cancelled) -> Post {
            return
                [this, &cancelled](auto const& headers, auto const& body) { return answer(headers, body, cancelled); };
        };
    }
    void answer_with(unsigned status) {
        world::Lock lock(mutex_);
        status_ = status;
    }
    void hold(bool held) {
        world::Lock lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    // The ids of the first `count` events that were taken, in the order in which they came.
    std::vector<std::string> taken(std::size_t count) {
        world::Lock lock(mutex_);
        if (!changed_.wait_until(lock, world::now() + patience, [&] { return ids_.size() >= count; }))
            throw Error(Code::deadline, fmt::format("{} of {} events came", ids_.size(), count));
        return ids_;
    }
    void wait_for_refusals(std::size_t count) {
        world::Lock lock(mutex_);
        if (!changed_.wait_until(lock, world::now() + patience, [&] { return refused_.size() >= count; }))
            throw Error(Code::deadline, "it was not asked as often");
    }
    std::vector<std::string> refused() {
        world::Lock lock(mutex_);
        return refused_;
    }
    std::vector<world::Instant> asked() {
        world::Lock lock(mutex_);
        return asked_;
    }
    // After it took a body, the daemon is as good as dead: nobody hears the answer.
    void die_after_taking(bool dies) {
        world::Lock lock(mutex_);
        dies_ = dies;
        held_ = false;
    }

private:
    struct Wakes final : plugin::Cancellation::Listener {
        explicit Wakes(Receiver& of) : receiver(of) {}
        void cancelled() override {
            world::Lock lock(receiver.mutex_);
            receiver.changed_.notify_all();
        }
        Receiver& receiver;
    };
    unsigned answer(std::vector<std::string> const& headers, std::string const& body, plugin::Cancellation& cancelled) {
        Wakes wakes(*this);
        plugin::Cancellation::Watch const watch(cancelled, wakes);
        world::Lock lock(mutex_);
        asked_.push_back(world::now());
        changed_.wait(lock, [&] { return !held_ || cancelled; });
        if (cancelled) throw Error(Code::unavailable, "cut short");
        changed_.notify_all();
        if (status_ > 299) {
            refused_.push_back(body);
            return status_;
        }
        EXPECT_THAT(headers, testing::Contains(HasSubstr("X-Volutus-Signature: sha256=")));
        auto const told = json::parse_object(body);
        for (auto const& event : told.at("events").as_array())
            if (auto const* id = event.as_object().if_contains("id")) ids_.push_back(json::text(*id));
        if (!dies_) return status_;
        held_ = true;
        changed_.wait(lock, [&] { return static_cast<bool>(cancelled); });
        throw Error(Code::unavailable, "the answer is lost");
    }

    world::Mutex mutex_;
    world::Condition changed_;
    unsigned status_ = 204;
    bool held_ = false, dies_ = false;
    std::vector<std::string> ids_, refused_;
    std::vector<world::Instant> asked_;
};

class WebhooksTest : public testing::Test {
protected:
    WebhooksTest() {
        options_.name = "ear";
        options_.url = "http://receiver.example/";
        options_.secret = "a secret of enough bytes";
        options_.first_pause = std::chrono::milliseconds(1);
        options_.longest_pause = std::chrono::milliseconds(4);
        open();
        put({"before"});
    }
    void open() {
        store::Options options;
        options.database.path = folder_ / "store.db";
        store_ = std::make_unique<store::Store>(options);
        volutus::store::Kind thing, other;
        thing.name = "test.thing";
        other.name = "test.other";
        store_->declare("test", {thing, other});
        declare_webhooks(*store_);
        webhooks_ = std::make_unique<Webhooks>(*store_, metrics_, receiver_.connect());
    }
    void close() {
        webhooks_.reset();
        store_.reset();
    }
    // Begins, and waits until it knows where.
    void begin() {
        webhooks_->set({options_});
        eventually([&] { return webhooks_->states().front().status.revision > 0; });
    }
    void put(std::vector<std::string> const& ids, std::string const& kind = "test.thing",
             std::string const& project = "p1") {
        volutus::store::Apply apply;
        for (auto const& id : ids) apply.put.push_back({kind, id, {{"project_id", project}}});
        store_->apply("test", apply);
    }
    template <class Condition> void eventually(Condition condition) {
        for (auto const until = world::now() + patience; !condition(); world::sleep_for(std::chrono::milliseconds(1)))
            ASSERT_LT(world::now(), until) << "waited in vain";
    }
    // The receiver takes nothing, and is asked once only.
    void begin_in_vain() {
        options_.give_up = {};
        receiver_.answer_with(500);
        begin();
    }
    std::size_t letters() { return webhooks_->dead_letters("").letters.size(); }
    // The id of one with one event.
    std::string dead_letter() {
        begin_in_vain();
        put({"a"});
        eventually([&] { return letters() == 1; });
        return webhooks_->dead_letters("ear").letters.front().id;
    }

    testkit::TemporaryFolder folder_;
    metrics::Metrics metrics_;
    Receiver receiver_;
    WebhookOptions options_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Webhooks> webhooks_;
    plugin::Cancellation never_;
};

TEST_F(WebhooksTest, HearsWhatComesAfterItsBeginningInOrder) {
    begin();
    put({"a"});
    put({"b", "c"});
    EXPECT_THAT(receiver_.taken(3), ElementsAre("a", "b", "c"));
}

TEST_F(WebhooksTest, HearsOnlyOfTheKindsAndTheProjectThatItWants) {
    options_.kinds = {"test.thing"};
    options_.project = "p1";
    begin();
    put({"other-kind"}, "test.other");
    put({"other-project"}, "test.thing", "p2");
    put({"own"});
    EXPECT_THAT(receiver_.taken(1), ElementsAre("own"));
}

TEST_F(WebhooksTest, ItsOwnPositionIsNoNewsToIt) {
    begin();
    put({"a"});
    receiver_.taken(1);
    auto const asked = [&] { return receiver_.asked().size(); };
    put({"b"});
    receiver_.taken(2);
    EXPECT_EQ(asked(), 2u);
}

TEST_F(WebhooksTest, AnApplyThatIsLargerThanARequestComesInParts) {
    begin();
    std::vector<std::string> ids;
    for (int i = 0; i < 350; ++i) ids.push_back(fmt::format("thing-{:03}", i));
    put(ids);
    EXPECT_EQ(receiver_.taken(350), ids);
    EXPECT_GE(receiver_.asked().size(), 4u);
}

TEST_F(WebhooksTest, WhatIsRefusedIsTriedAgainAndKeepsItsPlace) {
    receiver_.answer_with(500);
    begin();
    put({"a"});
    receiver_.wait_for_refusals(3);
    EXPECT_EQ(webhooks_->states().front().status.last_error, "it answered 500");
    put({"b"});
    receiver_.answer_with(200);
    EXPECT_THAT(receiver_.taken(2), ElementsAre("a", "b"));
    eventually([&] { return webhooks_->states().front().status.last_error.empty(); });
    EXPECT_EQ(letters(), 0u);
}

TEST_F(WebhooksTest, ARedirectionIsNotTaken) {
    receiver_.answer_with(302);
    begin();
    put({"a"});
    receiver_.wait_for_refusals(2);
}

TEST_F(WebhooksTest, WhatWasTakenWithoutAnAnswerComesAgainAfterACrash) {
    begin();
    receiver_.die_after_taking(true);
    put({"a"});
    receiver_.taken(1);
    close();
    receiver_.die_after_taking(false);
    open();
    begin();
    EXPECT_THAT(receiver_.taken(2), ElementsAre("a", "a"));
}

TEST_F(WebhooksTest, WhatCameWhileItWasAwayIsDeliveredAtItsReturn) {
    begin();
    webhooks_->set({});
    put({"a"});
    close();
    open();
    put({"b"});
    begin();
    EXPECT_THAT(receiver_.taken(2), ElementsAre("a", "b"));
}

TEST_F(WebhooksTest, WhatIsNotTakenForTooLongBecomesADeadLetter) {
    options_.give_up = std::chrono::milliseconds(20);
    receiver_.answer_with(503);
    begin();
    put({"a"});
    eventually([&] { return letters() == 1; });
    auto const first = webhooks_->dead_letters("ear").letters.front();
    EXPECT_EQ(first.webhook, "ear");
    EXPECT_EQ(first.error, "it answered 503");
    EXPECT_GT(first.tries, 1u);
    EXPECT_EQ(first.events, 1u);
    // And while it stays away, what follows is tried once.
    put({"b"});
    eventually([&] { return letters() == 2; });
    EXPECT_EQ(webhooks_->dead_letters("").letters.back().tries, 1u);
    receiver_.answer_with(200);
    put({"c"});
    EXPECT_THAT(receiver_.taken(1), ElementsAre("c"));
}

TEST_F(WebhooksTest, ADeadLetterIsDeliveredOnceItIsTakenAndThenForgotten) {
    auto const id = dead_letter();
    EXPECT_EQ(testkit::refusal([&] { webhooks_->deliver(id, never_); }).code(), Code::unavailable);
    EXPECT_EQ(letters(), 1u);
    receiver_.answer_with(200);
    webhooks_->deliver(id, never_);
    EXPECT_THAT(receiver_.taken(1), ElementsAre("a"));
    EXPECT_EQ(letters(), 0u);
    EXPECT_EQ(testkit::refusal([&] { webhooks_->deliver(id, never_); }).code(), Code::not_found);
    EXPECT_EQ(testkit::refusal([&] { webhooks_->drop(id); }).code(), Code::not_found);
}

TEST_F(WebhooksTest, ADeadLetterOfAWebhookThatIsGoneCanOnlyBeDropped) {
    auto const id = dead_letter();
    webhooks_->set({});
    EXPECT_EQ(testkit::refusal([&] { webhooks_->deliver(id, never_); }).code(), Code::conflict);
    webhooks_->drop(id);
    EXPECT_EQ(letters(), 0u);
}

TEST_F(WebhooksTest, TheOldestDeadLetterGoesWhereTheyAreTooMany) {
    volutus::store::Apply apply;
    for (std::uint32_t i = 0; i < Webhook::most_dead_letters; ++i) {
        json::object const body{{"webhook", "ear"}, {"revision", i}, {"events", json::array()},
                                {"tries", 1},       {"error", "e"},  {"at", 1}};
        apply.put.push_back({std::string(dead_letter_kind), fmt::format("ear-{:020}-old", i), body});
    }
    store_->apply("", apply);
    begin_in_vain();
    auto const begun = webhooks_->states().front().status.revision;
    put({"a"});
    volutus::store::Get const oldest{std::string(dead_letter_kind), fmt::format("ear-{:020}-old", 0), 0};
    volutus::store::Get const next{oldest.kind, fmt::format("ear-{:020}-old", 1), 0};
    eventually([&] { return webhooks_->states().front().status.revision > begun; });
    EXPECT_FALSE(store_->get(oldest));
    EXPECT_TRUE(store_->get(next));
    EXPECT_EQ(webhooks_->states().front().dead_letters, Webhook::most_dead_letters);
}

TEST_F(WebhooksTest, ABatchOfAnySizeFitsIntoDeadLetters) {
    begin_in_vain();
    volutus::store::Apply apply;
    for (int i = 0; i < 30; ++i) {
        json::object body{{"project_id", "p1"}};
        for (int field = 0; field < 40; ++field)
            body[fmt::format("\"{:03}{}", field, std::string(200, i % 2 ? '"' : 'x'))] = field;
        apply.put.push_back({"test.thing", fmt::format("thing-{}", i), std::move(body)});
    }
    store_->apply("test", apply);
    std::size_t events = 0;
    eventually([&] {
        events = 0;
        std::optional<std::string> last;
        for (bool more = true; more;) {
            auto const page = webhooks_->dead_letters("ear", last);
            for (auto const& letter : page.letters) events += letter.events;
            if (!page.letters.empty()) last = page.letters.back().id;
            more = page.more;
        }
        return events == 30;
    });
    EXPECT_GT(letters(), 1u);
}

TEST_F(WebhooksTest, StoppingCutsARequestShort) {
    receiver_.hold(true);
    begin();
    put({"a"});
    eventually([&] { return receiver_.asked().size() == 1; });
    auto const began = world::now();
    webhooks_->set({});
    EXPECT_LT(world::now() - began, patience);
    receiver_.hold(false);
    begin();
    EXPECT_THAT(receiver_.taken(1), ElementsAre("a"));
}

TEST_F(WebhooksTest, OneThatDidNotChangeIsNotDisturbed) {
    receiver_.hold(true);
    begin();
    put({"a"});
    eventually([&] { return receiver_.asked().size() == 1; });
    auto another = options_;
    another.name = "other";
    webhooks_->set({options_, another});
    receiver_.hold(false);
    receiver_.taken(1);
    EXPECT_EQ(webhooks_->states().size(), 2u);
    eventually([&] { return webhooks_->states()[0].status.tries == 0; });
    EXPECT_THAT(receiver_.refused(), IsEmpty());
}

TEST(WebhookRequests, AreSignedOverTimeAndBody) {
    WebhookOptions options;
    options.name = "ear";
    options.secret = "key";
    auto const headers = headers_of(options, "body", 1700000000);
    // printf %s 1700000000.body | openssl dgst -sha256 -hmac key
    EXPECT_THAT(headers, testing::Contains("X-Volutus-Timestamp: 1700000000"));
    EXPECT_THAT(headers, testing::Contains("X-Volutus-Signature: "
                                           "sha256=47b6ce0fca59474308e2921c247cb2493dce6b8101d90ac05bd0c6a37d0e046e"));
    EXPECT_EQ(body_of("ear", 7, {R"({"id":"a"})", R"({"id":"b"})"}),
              R"({"webhook":"ear","revision":7,"events":[{"id":"a"},{"id":"b"}]})");
}

class WebhookSettings : public testing::Test {
protected:
    WebhookSettings() { write("a secret of enough bytes\n", 0600); }
    void write(std::string const& secret, ::mode_t mode) {
        std::ofstream(path_) << secret;
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    }
    std::vector<WebhookOptions> read(std::string const& name = "ear", std::string const& url = "https://e.example/x") {
        json::object const webhook{{"url", url},          {"secret_file", path_},   {"kinds", json::array{"a.b"}},
                                   {"first_pause", 1000}, {"longest_pause", 60000}, {"give_up", 0},
                                   {"patience", 10000}};
        return settings_from({{"webhook", json::object{{name, webhook}}}});
    }
    testkit::TemporaryFolder folder_;
    std::string const path_ = folder_ / "secret";
};

TEST_F(WebhookSettings, AreReadWithTheSecret) {
    auto const all = read();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].secret, "a secret of enough bytes");
    EXPECT_THAT(all[0].kinds, ElementsAre("a.b"));
    EXPECT_EQ(all[0].give_up, world::Duration::zero());
    EXPECT_FALSE(all[0].project);
}

TEST_F(WebhookSettings, RefuseWhatCannotWork) {
    for (auto const* url :
         {"ftp://e.example/", "no url", "http://", "https://e.example/\r\nX: y", "file:///etc/passwd"})
        EXPECT_THAT(std::string(testkit::refusal([&] { read("ear", url); }).what()), HasSubstr("needs a URL")) << url;
    for (std::string const& name : {std::string(), std::string("a b"), std::string("a\r\nb"), std::string(65, 'a')})
        EXPECT_THAT(std::string(testkit::refusal([&] { read(name); }).what()), HasSubstr("needs a name")) << name;
    write("short", 0600);
    EXPECT_THAT(std::string(testkit::refusal([&] { read(); }).what()), HasSubstr("at least 16 bytes"));
    write("\n\n", 0600);
    EXPECT_THAT(std::string(testkit::refusal([&] { read(); }).what()), HasSubstr("at least 16 bytes"));
    write("a secret of enough bytes", 0644);
    EXPECT_THAT(std::string(testkit::refusal([&] { read(); }).what()), HasSubstr("chmod 0600"));
}

} // namespace
} // namespace volutus::kernel::events
