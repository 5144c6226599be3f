"""W3C trace context through requests, calls and tasks, and the spans that leave by OTLP over HTTP."""

import json
import unittest

from cloud import Cloud, toy, wait_for
from spans import Collector
from watching import ServerSent

WIDGETS = "/toy/v1/widgets"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Trace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector = Collector()
        cls.addClassCleanup(cls.collector.server_close)
        cls.addClassCleanup(cls.collector.shutdown)
        config = toy(link="process").replace("access_log = false", "access_log = true") + f"""
[trace]
endpoint = "http://127.0.0.1:{cls.collector.server_address[1]}/v1/traces"
pause = "50ms"
"""
        cls.cloud = cls.enterClassContext(Cloud(config))

    def make(self, name, **headers):
        reply = self.cloud.ask("POST", WIDGETS, {"widget": {"name": name}}, headers=headers)
        self.assertIn(reply.status, (201, 202), reply)
        return reply

    def test_every_span_of_a_request_and_its_task_leads_up_to_the_clients(self):
        self.make("traced", traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="vendor=1")

        def done():
            spans = self.collector.of(TRACE)
            known = {span["spanId"] for span in spans} | {PARENT}
            return (any("volutus.toy.maker/1" in span["name"] for span in spans)
                    and all(span["parentSpanId"] in known for span in spans) and PARENT in {s["parentSpanId"] for s in spans}
                    and self.cloud.volutus("tasks", "--json") == [])
        wait_for("the spans of its task, each with its parent", done)
        spans = {span["spanId"]: span for span in self.collector.of(TRACE)}
        for span in spans.values():
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
            while span["parentSpanId"] != PARENT:
                self.assertIn(span["parentSpanId"], spans, f"whose parent nobody knows: {span}")
                span = spans[span["parentSpanId"]]
            self.assertEqual((span["kind"], span["name"]), (2, "POST /v1/widgets"))
            self.assertEqual(span["traceState"], "vendor=1")
        names = {span["name"] for span in spans.values()}
        self.assertIn("volutus.service/1 handle", names)
        self.assertIn("volutus.store/1 apply", names)
        self.assertIn("volutus.task/1 run", names, "what the task did later is of the same trace")

    def test_a_request_without_a_trace_begins_one_that_its_log_line_names(self):
        reply = self.make("untraced")
        request = reply.headers["x-openstack-request-id"]
        trace = request.removeprefix("req-").replace("-", "")
        wait_for("its spans", lambda: any(span["kind"] == 2 and "parentSpanId" not in span
                                          for span in self.collector.of(trace)))
        line = next(line for line in self.cloud.log.read_text().splitlines() if f'"id":"{request}"' in line)
        self.assertEqual(json.loads(line)["trace_id"], trace)

    def test_what_the_client_does_not_record_is_not_exported(self):
        trace = "1" * 32
        reply = self.make("quiet", traceparent=f"00-{trace}-{PARENT}-00")
        wait_for("its log line", lambda: reply.headers["x-openstack-request-id"] in self.cloud.log.read_text())
        self.make("loud", traceparent=f"00-{'2' * 32}-{PARENT}-01")
        wait_for("the other's spans", lambda: self.collector.of("2" * 32))
        self.assertEqual(self.collector.of(trace), [])

    def test_a_malformed_traceparent_begins_a_new_trace(self):
        reply = self.make("odd", traceparent="00-" + "0" * 32 + f"-{PARENT}-01", tracestate="x=1")
        trace = reply.headers["x-openstack-request-id"].removeprefix("req-").replace("-", "")
        wait_for("its spans", lambda: self.collector.of(trace))

    def test_the_feed_names_the_trace(self):
        trace = "3" * 32
        since = self.cloud.volutus("status", "--json")["revision"]
        self.make("fed", traceparent=f"00-{trace}-{PARENT}-01")
        wait_for("its task to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        with ServerSent(self.cloud, f"?since={since}&kind=toy.widget") as watch:
            events = watch.until(lambda event: event["by"].get("task"))
        self.assertEqual({event["by"]["trace_id"] for event in events}, {trace})


class NoCollector(unittest.TestCase):
    def test_a_collector_that_is_gone_costs_nothing_but_its_spans(self):
        config = toy() + "\n[trace]\nendpoint = \"http://127.0.0.1:1/v1/traces\"\npause = \"10ms\"\n"
        with Cloud(config) as cloud:
            for i in range(5):
                self.assertIn(cloud.ask("POST", WIDGETS, {"widget": {"name": f"w{i}"}}).status, (201, 202))
            wait_for("drops to be counted", lambda: any(
                line.startswith("volutus_trace_spans_dropped_total") and float(line.split()[1]) > 0
                for line in cloud.ask("GET", "/metrics").text.splitlines()))
            self.assertEqual(cloud.stop(), 0)
            self.assertEqual(cloud.log.read_text().count("the collector does not take spans"), 1)

    def test_what_is_no_url_is_refused(self):
        cloud = Cloud(toy() + "\n[trace]\nendpoint = \"not a url\"\n")
        self.addCleanup(cloud.discard)
        code, said = cloud.refusal()
        self.assertEqual(code, 1)
        self.assertIn("trace.endpoint", said)


if __name__ == "__main__":
    unittest.main()
