"""What a container serves on its port, for those who come through a tunnel: one web server of the emulator's own, on a
loopback port, whatever the image.

    GET  /               a page that loads everything below with a browser, and says in its title how it went
    GET  /bytes/<count>  that many bytes, the same each time: see `content`
    POST /echo           the body
    GET  /wait/<seconds> answers after so many seconds of the wall
    GET  /socket         a WebSocket that sends back each message
"""

from __future__ import annotations

import base64
import functools
import hashlib
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator

BLOCK = 1 << 16

PAGE = """<!doctype html><meta charset="utf-8"><title>waiting</title><h1>Cloud Exchange</h1><pre id="said"></pre><script>
const hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, "0")).join("");
const digest = async buffer => hex(await crypto.subtle.digest("SHA-256", buffer));
const done = [];
const check = (what, is) => { if (!is) throw new Error(what); done.push(what); said.textContent = done.join("\\n"); };
async function all() {
  const sizes = [...Array(100).keys()].map(n => 1000 * n + 1);
  const got = await Promise.all(sizes.map(async n => (await (await fetch("/bytes/" + n)).arrayBuffer())));
  check("100 parallel requests", got.every((buffer, n) => buffer.byteLength === sizes[n]));
  const whole = new Uint8Array(got[99]);
  check("the same bytes", got.every(b => new Uint8Array(b).every((byte, at) => byte === whole[at])));
  const body = new Uint8Array(1 << 20).map((_, n) => (n * 31) >> 3);
  const echo = await (await fetch("/echo", { method: "POST", body })).arrayBuffer();
  check("upload of 1 MiB", await digest(echo) === await digest(body));
  const large = await (await fetch("/bytes/5000000")).arrayBuffer();
  check("download of 5 MB", large.byteLength === 5000000);
  const socket = new WebSocket("ws://" + location.host + "/socket");
  await new Promise((yes, no) => { socket.onopen = yes; socket.onerror = no; });
  for (let n = 0; n < 50; n++) {
    const answer = new Promise(yes => { socket.onmessage = event => yes(event.data); });
    socket.send("message " + n);
    if (await answer !== "message " + n) throw new Error("WebSocket " + n);
  }
  socket.close();
  check("50 messages of a WebSocket", true);
  await (await fetch("/wait/1")).text();
  check("an answer that takes a second", true);
}
all().then(() => { document.title = "all is well: " + done.join(", "); }, error => { document.title = "failed: " + error.message; });
</script>
"""


def content(count: int) -> Iterator[bytes]:
    """`count` bytes: the digest of each block's number, over and over."""
    for number in range(-(-count // BLOCK)):
        block = hashlib.sha256(str(number).encode()).digest() * (BLOCK // 32)
        yield block[: min(BLOCK, count - number * BLOCK)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body of an answer in one piece.
    wbufsize = BLOCK
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, kind: str, length: int, parts: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for part in parts:
            self.wfile.write(part)

    def do_GET(self) -> None:
        what, _, number = self.path.lstrip("/").partition("/")
        if what == "bytes" and number.isdigit():
            self._answer("application/octet-stream", int(number), content(int(number)))
        elif what == "wait" and number.isdigit():
            time.sleep(min(int(number), 60))
            self._answer("text/plain", 4, iter([b"done"]))
        elif what == "socket" and self.headers.get("Sec-WebSocket-Key"):
            self._socket()
        elif not what:
            page = PAGE.encode()
            self._answer("text/html; charset=utf-8", len(page), iter([page]))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if self.path != "/echo":
            return self.send_error(404)
        body = self.rfile.read(length)
        self._answer("application/octet-stream", len(body), iter([body]))

    def _socket(self) -> None:
        """RFC 6455, as far as a browser with short messages needs it."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            self.wfile.flush()
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            length = head[1] & 127
            if length == 126:
                (length,) = struct.unpack(">H", self.rfile.read(2))
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[n % 4] for n, byte in enumerate(self.rfile.read(length)))
            size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length)
            self.wfile.write(head[:1] + size + data)
            if head[0] & 15 == 8:
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_: object) -> None:
        """A client that has gone."""


@functools.cache
def port() -> int:
    """Where it listens; it is started on first use."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
