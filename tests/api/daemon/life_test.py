"""How a daemon starts, stops, and tells of itself."""

import socket
import signal
import subprocess
import threading
import unittest

from cloud import BUILD, Cloud, toy, wait_for

WIDGETS = "/toy/v1/widgets"


class Life(unittest.TestCase):
    def test_it_tells_its_version(self):
        for program in ("volutusd", "volutus"):
            said = subprocess.run([BUILD / "bin" / program, "--version"], capture_output=True, text=True, check=True).stdout
            self.assertRegex(said, rf"^{program} \d+\.\d+\.\d+\n$")

    def test_it_starts_without_any_plugin(self):
        with Cloud("[gateway]\nlisten = [{port = 0}]\n") as cloud:
            self.assertEqual(cloud.ask("GET", "/healthz").status, 200)
            self.assertEqual(cloud.ask("GET", "/compute/v2.1").status, 404)
            self.assertIn("volutus", cloud.ask("GET", "/metrics").text)

    def test_what_was_made_is_there_after_a_restart(self):
        with Cloud(toy()) as cloud:
            made = cloud.ask("POST", WIDGETS, {"widget": {"name": "stays"}}).json["widget"]
            self.assertEqual(cloud.stop(), 0)
            cloud.start()
            found = cloud.ask("GET", f"{WIDGETS}/{made['id']}").json["widget"]
            self.assertEqual(found["name"], "stays")

    def test_both_signals_stop_it_and_a_hang_up_does_not(self):
        with Cloud(toy()) as cloud:
            cloud.process.send_signal(signal.SIGHUP)
            wait_for("the log to tell", lambda: "was read again" in cloud.log.read_text())
            self.assertEqual(cloud.ask("GET", "/healthz").status, 200)
            self.assertEqual(cloud.stop(signal.SIGINT), 0)
            self.assertFalse((cloud.state / "admin.sock").exists())

    def test_a_request_under_way_is_answered_before_it_stops(self):
        with Cloud(toy()) as cloud:
            body = b'{"widget": {"name": "late"}}'
            with socket.create_connection(("127.0.0.1", cloud.port())) as client:
                client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
                               % (WIDGETS.encode(), len(body)))
                self.assertIn(b"100", client.recv(4096))  # the head is there: the request is under way
                client.sendall(body[:5])
                cloud.process.send_signal(signal.SIGTERM)
                wait_for("draining", lambda: refuses(cloud))
                client.sendall(body[5:])
                self.assertIn(b"202", client.recv(4096).split(b"\r\n", 1)[0])
            self.assertEqual(cloud.process.wait(30), 0)

    def test_a_service_with_a_classic_port_is_found_on_both(self):
        with Cloud(toy() + "[gateway.classic_ports]\ntoy = 0\n") as cloud:
            self.assertEqual(cloud.ask("GET", "/v1/widgets", listener="classic:toy").status, 200)
            self.assertEqual(cloud.ask("GET", WIDGETS).status, 200)
            self.assertEqual(cloud.ask("GET", WIDGETS, listener="classic:toy").status, 404)
            self.assertEqual(cloud.ask("GET", "/v1/widgets").status, 404)

    def test_without_an_identity_service_only_anonymous_routes_answer(self):
        config = toy().replace('mode = "none"', "challenge = 'Toy uri=\"{base}/identity\"'")
        with Cloud(config) as cloud:
            reply = cloud.ask("GET", WIDGETS, project="p")
            self.assertEqual(reply.status, 401)
            self.assertEqual(reply.headers["WWW-Authenticate"], f'Toy uri="http://127.0.0.1:{cloud.port()}/identity"')
            self.assertEqual(reply.json["error"]["title"], "Unauthorized")
            self.assertEqual(cloud.ask("GET", "/toy/openapi.json").status, 200)

    def test_many_ask_at_once(self):
        with Cloud(toy(quota=-1)) as cloud:
            failures = []

            def client(number):
                for i in range(10):
                    reply = cloud.ask("POST", WIDGETS, {"widget": {"name": f"w{i}"}}, f"p{number}")
                    if reply.status != 202:
                        failures.append(reply)
            threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            wait_for("all tasks to end", lambda: cloud.volutus("tasks", "--json") == [])
            self.assertEqual(cloud.volutus("verify", "--json"), [])


def refuses(cloud):
    try:
        return cloud.ask("GET", "/readyz", timeout=1).status == 503
    except OSError:
        return True


if __name__ == "__main__":
    unittest.main()
