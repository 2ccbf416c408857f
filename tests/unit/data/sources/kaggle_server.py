"""A stand-in for Kaggle on this machine: it answers the calls of a download, and fails in the ways that it is told to.

Two services in one: Kaggle's calls (POST: the token, the data set's description, the download, which is answered by a
redirect) and the storage behind the redirect (GET), which knows ranges, ETag and If-Range as Google's storage does.
"""

import io
import json
import random
import socket
import struct
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "planted-token-5f1e0c"
SIGNATURE = "planted-signature-81ad"
INTROSPECT = "/v1/security.OAuthService/IntrospectToken"
DESCRIBE = "/v1/datasets.DatasetApiService/GetDataset"
DOWNLOAD = "/v1/datasets.DatasetApiService/DownloadDataset"
PIECE_BYTES = 1 << 16


def make_zip(size_bytes, *, seed=0):
    """Makes a zip of about that size, of one "image" a class: noise, which no test decodes."""
    noise = random.Random(seed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("real/0.jpg", "fake/0.jpg"):
            archive.writestr(zipfile.ZipInfo(name), noise.randbytes(size_bytes // 2))
    return buffer.getvalue()


class KaggleServer(ThreadingHTTPServer):
    """Answers as Kaggle does.

    Attributes:
        asked: of each call its path, content and Authorization header.
        answers: of each call its status, content and headers; a list is answered one by one, and its last for ever.
        content: the zip.
        etag: its identity, or None.
        takes_ranges: whether the storage knows ranges.
        failures: statuses and headers that the storage answers instead of the content; None lets a request pass.
        range_failures: the same, for requests of a range alone.
        cuts: positions at which one request each is cut.
        resets: whether a cut is a reset, which can overtake what was sent, or an early end.
        stop_at: position at which each request stalls, until `resume` is set.
        stalled: set when one does.
        pause_seconds: between two pieces of content.
        piece_bytes: size of a piece.
        successor: a content and an ETag that take the place of the first after a cut, or None.
        length: what Content-Length says of the whole; None says the truth, 0 leaves it out.
        requests: of each request to the storage its Range header.
        sent: of each request to the storage how many bytes of content were sent.
        range_shift: by how much the storage errs in the place it sends from.
    """

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = []
        self.answers = {
            INTROSPECT: (200, {"active": True, "username": "someone"}),
            DESCRIBE: (200, {"currentVersionNumber": 2, "licenseName": "CC0: Public Domain", "totalBytes": 1000}),
            DOWNLOAD: (302, f"{self.url}/file.zip?X-Goog-Signature={SIGNATURE}"),
        }
        self.content = content
        self.etag = '"first"'
        self.takes_ranges = True
        self.failures = []
        self.range_failures = []
        self.cuts = []
        self.resets = False
        self.stop_at = None
        self.resume = threading.Event()
        self.stalled = threading.Event()
        self.pause_seconds = 0.0
        self.piece_bytes = PIECE_BYTES
        self.successor = None
        self.length = None
        self.requests = []
        self.sent = []
        self.range_shift = 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.resume.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that goes away is what these tests are about."""

    def calls(self, path):
        """The contents that one call was given."""
        return [content for asked, content, _ in self.asked if asked == path]


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: KaggleServer

    def setup(self):
        # Small, so that little is under way when a connection ends.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE_BYTES)
        super().setup()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        content = json.loads(self.rfile.read(length) or b"{}")
        self.server.asked.append((self.path, content, self.headers.get("Authorization")))
        answer = self.server.answers.get(self.path, (404, {"code": 404, "message": "unknown"}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        self.answer(*answer)

    def answer(self, status, content, headers=None):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = dict(headers or {})
        if status == 302:
            headers["Location"] = content
            body = b""
        else:
            headers["Content-Type"] = "application/zip" if isinstance(content, bytes) else "application/json"
        self.send_head(status, {**headers, "Content-Length": len(body)})
        self.wfile.write(body)

    def do_GET(self):
        server = self.server
        server.requests.append(self.headers.get("Range"))
        server.sent.append(0)
        number = len(server.sent) - 1
        failures = server.failures or (server.range_failures if self.headers.get("Range") else [])
        failure = failures.pop(0) if failures else None
        if failure is not None:
            status, headers = failure
            self.answer(status, {"code": status, "message": f"no, {self.path}"}, headers)
            return
        size = len(server.content)
        start = self.asked_start()
        if start >= size:
            self.send_head(416, {"Content-Length": 0, "Content-Range": f"bytes */{size}"})
            return
        headers = {"Last-Modified": "Wed, 05 Feb 2020 10:00:00 GMT", "ETag": server.etag}
        if server.takes_ranges:
            headers["Accept-Ranges"] = "bytes"
        if start:
            headers["Content-Range"] = f"bytes {start + server.range_shift}-{size - 1}/{size}"
        length = size if server.length is None else server.length
        if length:
            headers["Content-Length"] = length - start
        self.send_head(206 if start else 200, {name: value for name, value in headers.items() if value is not None})
        self.send_content(start, number)

    def asked_start(self):
        """Where the content begins that was asked for; 0 where a range does not count."""
        server = self.server
        value = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        if value is None or not server.takes_ranges or condition not in (None, server.etag):
            return 0
        return int(value.removeprefix("bytes=").removesuffix("-"))

    def send_head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def send_content(self, start, number):
        server = self.server
        cut = next((position for position in server.cuts if position >= start), None)
        position = start
        while position < len(server.content):
            if server.stop_at is not None and position >= server.stop_at:
                server.stalled.set()
                server.resume.wait()
            if cut is not None and position >= cut:
                server.cuts.remove(cut)
                self.cut()
                return
            stops = [stop for stop in (cut, server.stop_at) if stop is not None and stop > position]
            piece = server.content[position : min([position + server.piece_bytes, *stops])]
            server.resume.wait(server.pause_seconds)
            self.wfile.write(piece)
            position += len(piece)
            server.sent[number] += len(piece)

    def cut(self):
        """Ends the connection before all is sent."""
        if self.server.successor:
            self.server.content, self.server.etag = self.server.successor
        if self.server.resets:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *arguments):
        pass
