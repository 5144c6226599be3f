// A plugin's process is not trusted: whatever it sends, the kernel ends the link, says why and goes on.
#include "contract/link_fixture.hpp"

namespace volutus::test {
namespace {

ProcessOptions options_for(std::string const& way) {
    auto options = quick("echo");
    options.program = FALSE_CHILD;
    options.library = way;
    return options;
}

struct FalseWay {
    char const* way;
    Code code;
    char const* words;
};

class FalseOpening : public testing::TestWithParam<FalseWay> {};
INSTANTIATE_TEST_SUITE_P(
    Processes, FalseOpening,
    testing::Values(FalseWay{"exits", Code::unavailable, "it exited with status 7"},
                    FalseWay{"noise", Code::unavailable, "a frame of the unknown type 23130"},
                    FalseWay{"zeros", Code::unavailable, "a frame of the unknown type 0"},
                    FalseWay{"huge", Code::unavailable, "a frame of 4294967295 bytes"},
                    FalseWay{"bad_flags", Code::unavailable, "the unknown flags 128"},
                    FalseWay{"bad_verb", Code::unavailable, "the unknown verb 99"},
                    FalseWay{"half_hello", Code::unavailable, "a body ends within a number"},
                    FalseWay{"long_id", Code::unavailable, "a text of 5000 bytes where at most 1024 are allowed"},
                    FalseWay{"other_border", Code::unsupported, "speaks border version 9"},
                    FalseWay{"two_descriptors", Code::unavailable, "more than one descriptor with a frame"},
                    FalseWay{"many_descriptors", Code::unavailable, "more than one descriptor with a frame"},
                    FalseWay{"descriptors_with_no_frame", Code::unavailable, "descriptors that no frame announces"},
                    FalseWay{"announced_descriptor", Code::unavailable, "announces a descriptor and carries none"},
                    FalseWay{"descriptor_with_a_call", Code::unavailable, "a descriptor with a frame that takes none"},
                    FalseWay{"release", Code::unavailable, "a release without a retain"},
                    FalseWay{"bad_log", Code::unavailable, "a body ends within a text"}),
    [](auto const& info) { return info.param.way; });

TEST_P(FalseOpening, IsRefusedAndSaysWhy) {
    Kernel kernel;
    auto const error = refusal([&] { ProcessLink(kernel.host_of("false"), options_for(GetParam().way)); });
    EXPECT_EQ(error.code(), GetParam().code);
    EXPECT_NE(std::string(error.what()).find(GetParam().words), std::string::npos) << error.what();
}

TEST(FalseOpenings, AProcessThatSaysNothingIsGivenUp) {
    Kernel kernel;
    auto options = options_for("silent");
    options.patience = std::chrono::milliseconds(200);
    auto const error = refusal([&] { ProcessLink(kernel.host_of("false"), options); });
    EXPECT_EQ(error.code(), Code::deadline);
    EXPECT_STREQ(error.what(), "plugin false: its process did not return within 200 ms; the plugin hangs");
}

TEST(FalseOpenings, ASecondHelloEndsTheLink) {
    // Whether it comes before or after the first one was taken, the link ends.
    Kernel kernel;
    auto options = options_for("two_hellos");
    options.patience = std::chrono::seconds(5);
    EXPECT_EQ(refusal([&] {
                  ProcessLink link(kernel.host_of("false"), options);
                  link.configure("{}");
              }).code(),
              Code::unavailable);
}

// In answer to a call: what the caller is told, and why the link ended; "" where it did not.
struct FalseAnswer {
    char const* way;
    Code code;
    char const* reason;
};
class FalseAnswers : public testing::TestWithParam<FalseAnswer> {};
INSTANTIATE_TEST_SUITE_P(
    Processes, FalseAnswers,
    testing::Values(FalseAnswer{"unasked_reply", Code::unknown_outcome, "a reply to what was never asked"},
                    FalseAnswer{"bad_error", Code::unknown_outcome, ""},
                    FalseAnswer{"unknown_status", Code::internal, ""},
                    FalseAnswer{"pending_status", Code::internal, ""}, FalseAnswer{"large_reply", Code::too_large, ""},
                    FalseAnswer{"chain_again", Code::unknown_outcome, "a chain that begins twice"},
                    FalseAnswer{"kernels_chain", Code::unknown_outcome, "a chain with a number of this end"},
                    FalseAnswer{"bad_call_within", Code::unknown_outcome, "a body ends within a text"},
                    FalseAnswer{"bad_own_call", Code::unknown_outcome, "a body ends within a text"},
                    FalseAnswer{"configures_the_kernel", Code::unknown_outcome, "a plugin makes calls only"},
                    FalseAnswer{"large_read", Code::unknown_outcome, "a read of more than a chunk"},
                    FalseAnswer{"gift_without_descriptor", Code::unknown_outcome, "a gift without a descriptor"},
                    FalseAnswer{"gift_of_a_folder", Code::invalid, ""},
                    FalseAnswer{"flood_of_requests", Code::unknown_outcome, "too many requests of one chain"},
                    FalseAnswer{"calls_side_by_side", Code::invalid, ""},
                    FalseAnswer{"stops_reading", Code::unknown_outcome, ""}),
    [](auto const& info) { return info.param.way; });

// A stream whose reads wait until the test is over with them, as a slow client's would.
struct SlowStream : MemoryStream {
    SlowStream() {
        read = [](vlt_stream* raw, vlt_span, std::uint64_t* count) -> vlt_status {
            auto& self = *static_cast<SlowStream*>(raw);
            self.released.take_until(world::now() + std::chrono::milliseconds(500));
            *count = 0;
            return VLT_OK;
        };
    }
    world::Promised<bool> released;
};

TEST_P(FalseAnswers, CostTheCallAndNothingElse) {
    Kernel kernel;
    auto options = options_for(GetParam().way);
    options.first_delay = options.longest_delay = std::chrono::hours(1);
    options.patience = std::chrono::seconds(5);
    if (GetParam().way == std::string("stops_reading")) options.patience = std::chrono::seconds(3); // its release
    ProcessLink link(kernel.host_of("false"), options);
    link.configure("{}");
    link.start();
    RootCall root;
    root.context.deadline = world::now() + std::chrono::seconds(1);
    SlowStream slow;
    MemoryStream input("input"), output;
    root.frame.set_streams(std::string(GetParam().way) == "flood_of_requests" ? &slow : &input, &output);
    vlt_str reply{nullptr, 0};
    auto const status = link.call(root.frame, "volutus.test.false/1", "any", "{}", &reply);
    EXPECT_EQ(to_string(code_from(status)), to_string(GetParam().code)) << root.frame.message();
    auto const until = world::now() + std::chrono::seconds(10);
    std::string const reason = GetParam().reason;
    while (!reason.empty() && link.status().last_reason.empty() && world::now() < until)
        world::sleep_for(std::chrono::milliseconds(1));
    EXPECT_NE(link.status().last_reason.find(reason), std::string::npos) << link.status().last_reason;
}

TEST(FalseAnswer, ManyCallsToAProcessThatDoesNotReadEndByTheirDeadlines) {
    Kernel kernel;
    auto options = options_for("stops_reading");
    options.threads = 256;
    options.patience = std::chrono::seconds(3);
    ProcessLink link(kernel.host_of("false"), options);
    std::string const large(VLT_DOCUMENT_MAX, ' ');
    std::vector<world::Thread> callers;
    std::atomic<unsigned> ended = 0;
    for (unsigned caller = 0; caller < 16; ++caller)
        callers.emplace_back("caller", [&] {
            for (unsigned i = 0; i < 4; ++i) {
                RootCall root;
                root.context.deadline = world::now() + std::chrono::milliseconds(50);
                vlt_str reply{nullptr, 0};
                auto const status = link.call(root.frame, "volutus.test.false/1", "any", large, &reply);
                if (status == VLT_UNKNOWN_OUTCOME) ++ended;
            }
        });
    callers.clear();
    EXPECT_EQ(ended, 64u);
}

} // namespace
} // namespace volutus::test
