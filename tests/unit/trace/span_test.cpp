#include <kernel/trace/exporter.hpp>
#include <volutus/json.hpp>

#include <gmock/gmock.h>

namespace volutus::kernel::trace {

namespace {
constexpr auto sound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; // the recommendation's own example

struct Kept : Tracer {
    void ended(Span span) override { spans.push_back(std::move(span)); }
    std::vector<Span> spans;
};
} // namespace

TEST(Traceparent, OnlyWhatTheRecommendationAllowsIsTaken) {
    EXPECT_EQ(checked_traceparent(sound), sound);
    EXPECT_EQ(trace_id(sound), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(span_id(sound), "b7ad6b7169203331");
    for (std::string const bad : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                  "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                                  "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                  "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"})
        EXPECT_EQ(checked_traceparent(bad), "") << bad;
    std::string later = sound;
    later.replace(0, 2, "cc");
    EXPECT_EQ(checked_traceparent(later + "-what-is-to-come"), later);
}

TEST(Traceparent, ATracestateIsBoundedAndPrintable) {
    EXPECT_EQ(checked_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"), "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    EXPECT_EQ(checked_tracestate(std::string(513, 'a')), "");
    EXPECT_EQ(checked_tracestate("a=\x01"), "");
}

TEST(Traceparent, TheLowestFlagSaysWhetherAnybodyRecords) {
    EXPECT_TRUE(is_sampled(sound));
    std::string other = sound;
    other.back() = '2';
    EXPECT_FALSE(is_sampled(other));
    other.back() = 'b';
    EXPECT_TRUE(is_sampled(other));
    EXPECT_FALSE(is_sampled(""));
}

TEST(Spans, AChildIsOfTheSameTraceAndItsParentIsKnown) {
    Kept kept;
    Started span(&kept, sound);
    span->name = "work";
    span.end("it failed");
    span.end(); // only once
    ASSERT_EQ(kept.spans.size(), 1U);
    auto const& told = kept.spans.front();
    EXPECT_EQ(checked_traceparent(told.traceparent), told.traceparent);
    EXPECT_EQ(trace_id(told.traceparent), trace_id(sound));
    EXPECT_NE(span_id(told.traceparent), span_id(sound));
    EXPECT_EQ(told.parent, span_id(sound));
    EXPECT_EQ(told.error, "it failed");
    EXPECT_GE(told.end, told.start);
}

TEST(Spans, NobodyPaysForWhatIsNotTraced) {
    Kept kept;
    std::string unsampled = sound;
    unsampled.back() = '0';
    for (auto const* within : {"", unsampled.c_str()}) EXPECT_FALSE(Started(&kept, within));
    EXPECT_FALSE(Started(nullptr, sound));
    EXPECT_TRUE(kept.spans.empty());
}

TEST(Spans, AreWrittenAsOtlpSaysInJson) {
    Span span;
    span.name = "GET /servers";
    span.traceparent = sound;
    span.parent = "00f067aa0ba902b7";
    span.kind = Span::Kind::server;
    span.start = 1;
    span.end = 2;
    span.attributes = {{"http.route", "/servers"}};
    span.error = "503";
    auto const all = json::parse_object(print_otlp({span}, "node-1"));
    auto const& resource = all.at("resourceSpans").as_array().at(0);
    EXPECT_THAT(json::print(resource.at("resource")), testing::HasSubstr("node-1"));
    EXPECT_EQ(
        json::print(resource.at("scopeSpans").as_array().at(0).at("spans").as_array().at(0)),
        R"({"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"GET /servers","kind":2,)"
        R"("startTimeUnixNano":"1000","endTimeUnixNano":"2000","parentSpanId":"00f067aa0ba902b7",)"
        R"("attributes":[{"key":"http.route","value":{"stringValue":"/servers"}}],)"
        R"("status":{"code":2,"message":"503"}})");
}

TEST(Export, WhatDoesNotFitOrIsNotTakenIsDroppedAndCounted) {
    metrics::Metrics metrics;
    ExportOptions options;
    options.endpoint = "http://127.0.0.1:1/v1/traces"; // nobody is there
    options.queue = 3;
    options.pause = std::chrono::minutes(1);
    {
        Exporter exporter(options, metrics);
        for (int i = 0; i < 5; ++i) {
            Span span;
            span.traceparent = sound;
            exporter.ended(span);
        }
    }
    EXPECT_THAT(metrics.text(), testing::HasSubstr("volutus_trace_spans_dropped_total 5"));
}

} // namespace volutus::kernel::trace
