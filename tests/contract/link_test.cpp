// One suite over both links: the same plugin file gives the same answers and the same errors.
#include "contract/link_fixture.hpp"

#include <testkit/fake_host.hpp>

#include <fcntl.h>
#include <limits>
#include <sys/mman.h>

namespace volutus::test {
namespace {

std::shared_ptr<Link> open_link(std::string const& kind, Kernel& kernel, std::string const& plugin,
                                world::Duration patience = std::chrono::seconds(20),
                                std::shared_ptr<HostSide> host = nullptr) {
    if (!host) host = kernel.host_of(plugin);
    if (kind == "in_process") {
        auto const library = open_library(plugin_path(plugin));
        return std::make_shared<InProcessLink>(host, library.entry, library.keep, patience);
    }
    auto options = quick(plugin);
    options.patience = patience;
    return std::make_shared<ProcessLink>(host, options);
}

class LinkContract : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        host_ = kernel_.host_of("echo");
        link_ = open_link(GetParam(), kernel_, "echo", std::chrono::seconds(20), host_);
        kernel_.registry.add("echo", std::string(echo_contract.name), "", link_);
    }
    void TearDown() override { kernel_.registry.remove("echo"); }

    std::string call(RootCall& root, std::string_view name, std::string_view request = "{}",
                     vlt_stream* input = nullptr, vlt_stream* output = nullptr) {
        return kernel_.registry.host().call(&root.call, echo_contract.name, name, "", request, input, output);
    }

    Kernel kernel_;
    std::shared_ptr<HostSide> host_;
    std::shared_ptr<Link> link_;
    RootCall root_;
    Client<echo_contract>& echo_ = kernel_.echo;
};
INSTANTIATE_TEST_SUITE_P(Links, LinkContract, testing::Values("in_process", "process"),
                         [](auto const& info) { return info.param; });

TEST_P(LinkContract, ADocumentComesBackAsItWas) {
    EXPECT_EQ(echo_.call<&Echo::echo>(root_.call, Text{"hello \"world\" \u00e4\u2603\n"}).text,
              "hello \"world\" \u00e4\u2603\n");
    EXPECT_EQ(echo_.call<&Echo::echo>(root_.call, Text{""}).text, "");
}

TEST_P(LinkContract, EveryErrorCodeArrivesWithItsMessageAndDetails) { expect_every_error_to_arrive(echo_, root_.call); }

TEST_P(LinkContract, AnErrorWithoutDetailsHasNone) {
    auto const error = refusal([&] { echo_.call<&Echo::fail>(root_.call, Failure{VLT_CONFLICT, "busy", {}}); });
    EXPECT_STREQ(error.what(), "busy");
    EXPECT_EQ(error.details(), "");
}

TEST_P(LinkContract, AMessageBeyondItsBoundIsCut) {
    auto const error =
        refusal([&] { echo_.call<&Echo::fail>(root_.call, Failure{VLT_CONFLICT, std::string(100'000, 'm'), {}}); });
    EXPECT_EQ(error.code(), Code::conflict);
    EXPECT_EQ(std::string(error.what()), std::string(8192, 'm'));
}

TEST_P(LinkContract, UnknownCallsContractsAndBadRequestsAreRefusedInTheSameWords) {
    EXPECT_EQ(refusal([&] { call(root_, "no_such_call"); }).code(), Code::unsupported);
    EXPECT_STREQ(refusal([&] { call(root_, "echo", "{\"text\":7}"); }).what(), "'text': expected a string");
    EXPECT_EQ(refusal([&] { call(root_, "echo", "no json"); }).code(), Code::invalid);
    vlt_str reply{nullptr, 0};
    EXPECT_EQ(link_->call(root_.frame, "volutus.test.other/1", "echo", "{}", &reply), VLT_UNSUPPORTED);
    EXPECT_EQ(root_.frame.message(), "this plugin does not provide the contract volutus.test.other/1");
}

TEST_P(LinkContract, TheContextOfTheCallIsSeenByThePluginAndByCallsWithin) {
    root_.context.caller = "{\"user\":\"ann\"}";
    root_.context.trace = "req-1";
    root_.context.task = "b7c1";
    root_.context.step = "undo:place";
    root_.context.attempt = 3;
    root_.context.epoch = std::numeric_limits<std::uint32_t>::max();
    root_.context.deadline = world::now() + std::chrono::hours(1);
    for (auto const& seen : {echo_.call<&Echo::context>(root_.call), echo_.call<&Echo::nested_context>(root_.call)}) {
        EXPECT_EQ(seen.caller, root_.context.caller);
        EXPECT_EQ(seen.trace, "req-1");
        EXPECT_EQ(seen.task, "b7c1");
        EXPECT_EQ(seen.step, "undo:place");
        EXPECT_EQ(seen.attempt, 3u);
        EXPECT_EQ(seen.epoch, root_.context.epoch);
        EXPECT_EQ(seen.deadline, root_.context.deadline.time_since_epoch().count());
    }
}

TEST_P(LinkContract, ThePluginSeesTheSpanOfItsCallAndCallsWithinAreBelowIt) {
    KeptSpans kept;
    root_.context.tracer = &kept;
    root_.context.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    root_.context.tracestate = "vendor=1";
    auto const seen = echo_.call<&Echo::context>(root_.call);
    auto const own = kept.of("volutus.test.echo/1 context");
    EXPECT_EQ(seen.traceparent, own.traceparent);
    EXPECT_EQ(seen.tracestate, "vendor=1");
    EXPECT_EQ(kernel::trace::trace_id(seen.traceparent), kernel::trace::trace_id(root_.context.traceparent));
    EXPECT_EQ(own.parent, "b7ad6b7169203331");

    kept.spans.clear();
    auto const within = echo_.call<&Echo::nested_context>(root_.call);
    auto const outer = kept.of("volutus.test.echo/1 nested_context"), middle = kept.of("volutus.test.mirror/1 context"),
               inner = kept.of("volutus.test.echo/1 context");
    EXPECT_EQ(within.traceparent, inner.traceparent);
    EXPECT_EQ(inner.parent, kernel::trace::span_id(middle.traceparent));
    EXPECT_EQ(middle.parent, kernel::trace::span_id(outer.traceparent));
}

TEST_P(LinkContract, ATraceThatNobodyRecordsReachesThePluginAllTheSame) {
    root_.context.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    for (auto const& seen : {echo_.call<&Echo::context>(root_.call), echo_.call<&Echo::nested_context>(root_.call)})
        EXPECT_EQ(seen.traceparent, root_.context.traceparent);
}

TEST_P(LinkContract, ACallThatNobodyTracesHasNoTrace) {
    auto const seen = echo_.call<&Echo::context>(root_.call);
    EXPECT_EQ(seen.traceparent, "");
    EXPECT_EQ(seen.tracestate, "");
}

TEST(Border, ACallOfAnOlderKernelHasNoTrace) {
    testkit::FakeCall older;
    older.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(Call(&older.table).traceparent(), older.traceparent);
    older.table.head = {offsetof(vlt_call, traceparent), VLT_ABI_MAJOR, 0};
    EXPECT_EQ(Call(&older.table).traceparent(), "");
    EXPECT_EQ(Call(&older.table).tracestate(), "");
    EXPECT_EQ(Call(&older.table).trace(), "req-1");
}

TEST_P(LinkContract, ACallWithoutADeadlineHasNone) {
    EXPECT_EQ(echo_.call<&Echo::context>(root_.call).deadline, std::numeric_limits<std::int64_t>::max());
}

TEST_P(LinkContract, CallsNestThroughTheKernelAndBack) {
    for (std::uint32_t const depth : {1u, 5u, 20u})
        EXPECT_EQ(echo_.call<&Echo::relay>(root_.call, Depth{depth}).depth, depth);
}

TEST_P(LinkContract, ACircleOfCallsIsRefused) {
    auto const error = refusal([&] { echo_.call<&Echo::relay>(root_.call, Depth{1000}); });
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_NE(std::string(error.what()).find("in a circle"), std::string::npos) << error.what();
    EXPECT_EQ(echo_.call<&Echo::relay>(root_.call, Depth{2}).depth, 2u);
}

TEST_P(LinkContract, ACallOfThePluginsOwnNestsToo) {
    EXPECT_EQ(echo_.call<&Echo::relay_alone>(root_.call, Depth{5}).depth, 5u);
}

TEST_P(LinkContract, ThePluginSeesTheErrorOfANestedCall) {
    Failure const failure{VLT_OVER_QUOTA, "20 cores are the limit", json::object{{"account", "cores"}}};
    EXPECT_EQ(echo_.call<&Echo::nested_failure>(root_.call, failure).text,
              "over_quota|20 cores are the limit|{\"account\":\"cores\"}");
}

TEST_P(LinkContract, BytesStreamThroughThePlugin) {
    for (std::size_t const size : {std::size_t{0}, std::size_t{1}, std::size_t{3'000'001}}) {
        MemoryStream input(std::string(size, 'b')), output;
        for (std::size_t i = 0; i < size; ++i) input.input[i] = static_cast<char>(i * 7);
        call(root_, "copy", "{}", &input, &output);
        EXPECT_TRUE(output.output == input.input) << size;
        EXPECT_TRUE(output.closed);
    }
}

TEST_P(LinkContract, AStreamMayBeHandedOnToANestedCall) {
    MemoryStream input(std::string(1'000'000, 'h')), output;
    call(root_, "relay_copy", "{}", &input, &output);
    EXPECT_TRUE(output.output == input.input);
    EXPECT_TRUE(output.closed);
}

TEST_P(LinkContract, AnErrorOfAStreamArrives) {
    MemoryStream input("abc"), output;
    output.refuses = VLT_EXHAUSTED;
    EXPECT_EQ(refusal([&] { call(root_, "copy", "{}", &input, &output); }).code(), Code::exhausted);
    MemoryStream again("abc");
    EXPECT_EQ(refusal([&] { call(root_, "copy", "{}", &again, nullptr); }).code(), Code::unsupported);
}

TEST_P(LinkContract, ADescriptorIsHandedToThePlugin) {
    MemoryStream input;
    input.gift.reset(::memfd_create("gift", MFD_CLOEXEC));
    ASSERT_EQ(::write(input.gift.get(), "0123456789", 10), 10);
    input.gift_offset = 3;
    input.gift_length = 4;
    EXPECT_EQ(call(root_, "take", "{}", &input), "{\"text\":\"3456\"}");
    EXPECT_EQ(call(root_, "take", "{}", &input), "{\"text\":\"no descriptor\"}");
}

TEST_P(LinkContract, ADescriptorIsHandedOutByThePlugin) {
    MemoryStream output;
    call(root_, "give", "{\"text\":\"from the plugin\"}", nullptr, &output);
    ASSERT_TRUE(output.given);
    std::string text(output.given_length, '\0');
    EXPECT_EQ(::read(output.given.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(text, "from the plugin");
    EXPECT_NE(::fcntl(output.given.get(), F_GETFD), -1);
}

TEST_P(LinkContract, ACancelledCallEnds) {
    world::Promised<Code> outcome;
    world::Thread caller("caller", [&] { outcome.give(refusal([&] { echo_.call<&Echo::wait>(root_.call); }).code()); });
    // Another call of the same plugin is served meanwhile.
    RootCall other;
    EXPECT_EQ(echo_.call<&Echo::echo>(other.call, Text{"meanwhile"}).text, "meanwhile");
    root_.context.cancelled.tell();
    EXPECT_EQ(outcome.take(), Code::cancelled);
}

TEST_P(LinkContract, ProgressIsToldToTheCaller) {
    CallFrame frame(root_.context);
    vlt_str reply{nullptr, 0};
    ASSERT_EQ(link_->call(frame, echo_contract.name, "progress", "{}", &reply), VLT_OK);
    EXPECT_EQ(frame.progress_told(), 420u);
}

TEST_P(LinkContract, DocumentsUpToTheLimitPassAndLargerOnesAreRefused) {
    std::string const frame = "{\"text\":\"\"}";
    Text const largest{std::string(VLT_DOCUMENT_MAX - frame.size(), 'x')};
    EXPECT_TRUE(echo_.call<&Echo::echo>(root_.call, largest).text == largest.text);
    EXPECT_TRUE(echo_.call<&Echo::large>(root_.call, Size{largest.text.size()}).text == largest.text);

    auto const request = refusal([&] { echo_.call<&Echo::echo>(root_.call, Text{largest.text + "x"}); });
    EXPECT_EQ(request.code(), Code::too_large);
    EXPECT_STREQ(request.what(), "the request of 262145 bytes to volutus.test.echo/1 is larger than a document may be");
    auto const reply = refusal([&] { echo_.call<&Echo::large>(root_.call, Size{largest.text.size() + 1}); });
    EXPECT_EQ(reply.code(), Code::too_large);
    EXPECT_STREQ(reply.what(), "the reply is larger than a document may be; use a stream");
}

TEST_P(LinkContract, ManyCallsAreServedAtOnce) {
    std::vector<world::Thread> callers;
    std::atomic<unsigned> right = 0;
    for (unsigned caller = 0; caller < 8; ++caller)
        callers.emplace_back("caller", [&, caller] {
            RootCall root;
            for (unsigned i = 0; i < 50; ++i) {
                auto const text = std::to_string(caller) + "-" + std::to_string(i);
                if (echo_.call<&Echo::echo>(root.call, Text{text}).text == text) ++right;
                if (echo_.call<&Echo::relay>(root.call, Depth{i % 4}).depth == i % 4) ++right;
            }
        });
    callers.clear();
    EXPECT_EQ(right, 8u * 100);
}

TEST_P(LinkContract, ThePluginMayBeKeptLoaded) {
    echo_.call<&Echo::retain>(root_.call);
    EXPECT_EQ(host_->retained(), 1);
    echo_.call<&Echo::release>(root_.call);
    EXPECT_EQ(host_->retained(), 0);
}

TEST_P(LinkContract, ItIsConfiguredStartedAndQuiesced) {
    link_->configure("{\"colour\":\"red\"}");
    link_->start();
    EXPECT_EQ(echo_.call<&Echo::configured>(root_.call).text, "{\"colour\":\"red\"} started");
    link_->quiesce();
}

TEST_P(LinkContract, ARefusedConfigurationSaysWhich) {
    auto const error = refusal([&] { link_->configure("{\"refuse\":true}"); });
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_STREQ(error.what(), "plugin echo: configure failed: 'refuse': was asked for");
}

// What a plugin in C may do and the SDK's shim does not.
class RawContract : public testing::TestWithParam<std::string> {
protected:
    vlt_status call(std::string_view name) { return link_->call(frame_, "volutus.test.raw/1", name, "{}", &reply_); }

    Kernel kernel_;
    std::shared_ptr<Link> link_ = open_link(GetParam(), kernel_, "raw");
    CallContext context_;
    CallFrame frame_{context_};
    vlt_str reply_{nullptr, 0};
};
INSTANTIATE_TEST_SUITE_P(Links, RawContract, testing::Values("in_process", "process"),
                         [](auto const& info) { return info.param; });

TEST_P(RawContract, ACallMayBeAnsweredLaterFromAnotherThread) {
    ASSERT_EQ(call("pending"), VLT_OK);
    EXPECT_EQ(std::string_view(reply_.data, reply_.size), "{\"late\":true}");
    EXPECT_EQ(frame_.progress_told(), 500u);
}

TEST_P(RawContract, ACallMayFailLater) {
    ASSERT_EQ(call("pending_failure"), VLT_EXHAUSTED);
    EXPECT_EQ(frame_.message(), "nothing is left");
    EXPECT_EQ(frame_.details(), "{\"left\":0}");
}

TEST_P(RawContract, AReplyLargerThanADocumentIsRefused) {
    EXPECT_EQ(call("oversized"), VLT_TOO_LARGE);
    EXPECT_EQ(frame_.message(), "the reply is larger than a document may be; use a stream");
}

TEST_P(RawContract, TheArenaRefusesWhatIsTooMuch) { EXPECT_EQ(call("allocate_too_much"), VLT_TOO_LARGE); }

TEST_P(RawContract, AFailureWithoutAMessageHasNone) {
    EXPECT_EQ(call("anything"), VLT_UNSUPPORTED);
    EXPECT_EQ(frame_.message(), "");
}

TEST_P(RawContract, APluginWithoutALifecycleIsConfiguredAllTheSame) {
    link_->configure("{}");
    link_->start();
    link_->quiesce();
}

struct Refused {
    char const* plugin;
    Code code;
    char const* words;
};
class OpeningContract : public testing::TestWithParam<std::tuple<std::string, Refused>> {};
INSTANTIATE_TEST_SUITE_P(
    Links, OpeningContract,
    testing::Combine(
        testing::Values("in_process", "process"),
        testing::Values(
            Refused{"init_fails", Code::unavailable,
                    "plugin init_fails: volutus_plugin_1 failed: the backend is not there; start it"},
            Refused{"init_hangs", Code::deadline,
                    "plugin init_hangs: volutus_plugin_1 did not return within 3000 ms; the plugin hangs"},
            Refused{"without_table", Code::invalid,
                    "plugin without_table: volutus_plugin_1 failed: it answered without a table of border version 1"})),
    [](auto const& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param).plugin; });

TEST_P(OpeningContract, APluginThatCannotBeEnteredIsRefusedInTheSameWords) {
    auto const& [kind, refused] = GetParam();
    Kernel kernel;
    auto const error = refusal([&] { open_link(kind, kernel, refused.plugin, std::chrono::seconds(3)); });
    EXPECT_EQ(error.code(), refused.code);
    EXPECT_STREQ(error.what(), refused.words);
}

} // namespace
} // namespace volutus::test
