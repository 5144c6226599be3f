"""Clients that watch a cloud's changes: server-sent events by hand, websockets by python3-websocket."""

import http.client
import json

import websocket
from cloud import PATIENCE


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status, self.text = status, text


class ServerSent:
    """GET /events as a browser's EventSource reads it."""

    def __init__(self, cloud, query="", token="somebody:toys", headers=(), timeout=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", cloud.port(), timeout=timeout or PATIENCE)
        self.connection.request("GET", f"/events{query}", headers={"X-Auth-Token": token, **dict(headers)})
        self.reply = self.connection.getresponse()
        self.last_id = None
        if self.reply.status != 200:
            said = self.reply.read().decode()
            self.connection.close()
            raise Refused(self.reply.status, said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reply.close()  # it holds the socket too
        self.connection.close()

    def messages(self):
        """(name, data) of each event, also of those without data, until the stream ends."""
        name, data, seen = "message", None, False
        while line := self.reply.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if not line.strip():
                if seen:
                    yield name, data
                name, data, seen = "message", None, False
            elif field == "id":
                self.last_id, seen = int(value), True
            elif field == "data":
                data, seen = json.loads(value), True
            elif field == "event":
                name = value

    def until(self, wanted):
        """All events up to the first that is wanted, with it."""
        found = []
        for name, data in self.messages():
            if data is None:
                continue
            found.append(data)
            if name != "message":
                raise EOFError(f"{name}: {data}")
            if wanted(data):
                return found
        raise EOFError(f"the stream ended after {found}")


class Socket:
    """The same over a websocket."""

    def __init__(self, cloud, query="", token="somebody:toys"):
        try:
            self.peer = websocket.create_connection(
                f"ws://127.0.0.1:{cloud.port()}/events{query}", timeout=PATIENCE, header=[f"X-Auth-Token: {token}"])
        except websocket.WebSocketBadStatusException as error:
            raise Refused(error.status_code, str(error)) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()

    def message(self):
        """The next one; None when the server has said goodbye."""
        text = self.peer.recv()
        return json.loads(text) if text else None

    def until(self, wanted):
        found = []
        while (event := self.message()) is not None:
            if "operation" not in event and "end" not in event:
                continue  # a pulse
            found.append(event)
            if wanted(event):
                return found
        raise EOFError(f"the socket was closed after {found}")
