"""The first words of a display, as noVNC in a browser hears them: RFC 6455, one frame."""

import base64
import os
import socket
from urllib.parse import urlsplit


def greeting(url):
    """What the server behind a console's URL says first."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), 20) as peer, peer.makefile("rb") as reply:
        peer.sendall("\r\n".join([
            f"GET {place.path}?{place.query} HTTP/1.1", f"Host: {place.netloc}", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: binary",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "", ""]).encode())
        status = reply.readline().decode()
        while reply.readline() not in (b"\r\n", b""):
            pass
        if " 101 " not in status:
            return status.strip()
        opcode, length = reply.read(2)
        assert opcode == 0x82 and length < 126, f"no whole short binary frame: {opcode:#x}, {length}"
        return reply.read(length).decode()
