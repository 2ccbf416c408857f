"""Hostile HTTP: headers, lengths, chunks, paths, first lines; each function makes one attack."""

from dataclasses import replace
from random import Random

from benchmarks.hostile.attack import FORM, PREDICT, Attack, Ending, form_of, header_of, part_of, post, raw
from benchmarks.hostile.bases import good_picture

HOST = {"Host": "127.0.0.1"}
SLOW_BYTES = 200
POST = f"POST {PREDICT} HTTP/1.1"
PATHS = (
    "/../../etc/passwd",
    "/..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/../../../etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%00",
    "/assets/a%00.js",
    "/assets/" + "a" * 6_000,
    "/assets/" + "a/" * 3_000,
    "/assets/%ff%fe",
    "/assets//etc/passwd",
    "/assets/",
    "/static/..%5c..%5cetc/passwd",
    "/static/%00",
    "/static/" + "b" * 6_000,
    "/static/%f0%9f%98%80",
    "/static/fonts",
    "/page/%00",
    "/page/nothing",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/upload",
    "/gradio_api/queue/join",
    "/gradio_api/proxy=http://127.0.0.1/",
    "/file=/etc/passwd",
    "/config",
    "/login",
    "/docs",
    "/v1/predict/",
    "//v1/predict",
    "/V1/PREDICT",
    "/v1/predict;a=b",
    "/v1/predict%00",
    "/v1/heatmap",
    "/v1/model/..",
    "/.git/config",
    "/theme.css/",
    "/favicon.ico%0d%0aSet-Cookie:a=b",
    "//etc/passwd",
    "http://127.0.0.1/healthz",
    "http://[::1/",
    "*",
    "/?__theme=" + "a" * 3_000,
    "/?view=api&deep_link=../../etc/passwd",
    "/?%00=%ff",
    "/healthz?" + "a=b&" * 2_000,
    "/" + "%41" * 3_000,
)
METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post", "A" * 3_000)
READ = ("/", "/theme.css", "/favicon.ico", "/static/img/logo.svg", "/healthz", "/v1/model", "/openapi.json", PREDICT)
FIELDS: tuple[tuple[str, str | bytes], ...] = (
    ("Host", ""),
    ("Host", "[::1"),
    ("Host", "a b"),
    ("Host", "a" * 9_000),
    ("Host", "evil.example:99999999"),
    ("Host", b"\xff\xfe"),
    ("X-Forwarded-Host", "]["),
    ("X-Forwarded-Host", "evil.example, other.example"),
    ("X-Forwarded-Proto", "javascript"),
    ("X-Forwarded-Prefix", "/../.."),
    ("X-Gradio-Server", "http://evil.example/["),
    ("Forwarded", "for=[::"),
    ("Cookie", "a=b; " * 3_000),
    ("Cookie", b"\xff=\x80; =; ;;"),
    ("Accept-Language", "q=;;=,,," * 900),
    ("Accept-Encoding", "gzip;q=nan, *;q=1e999"),
    ("Range", "bytes=0-0," * 900 + "1-1"),
    ("Range", "bytes=-99999999999999999999"),
    ("Range", "bytes=9-1"),
    ("Range", "lines=\u00b2-\u00b3"),
    ("If-Modified-Since", "yesterday"),
    ("If-Range", "\u00e9"),
    ("Content-Encoding", "gzip"),
    ("Expect", "200-maybe"),
    ("Upgrade", "websocket"),
    ("Upgrade", "h2c"),
    ("Connection", "upgrade, close, keep-alive"),
    ("Authorization", "Bearer " + "a" * 6_000),
    ("X-API-Key", b"\xff" * 200),
    ("Origin", "null"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Referer", "javascript:alert(1)"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Content-Disposition", "attachment; filename=/etc/passwd"),
)


LENGTHS = (
    *("0", "1", "64000001", "999999999999", "9" * 20, "9" * 500),
    *("-1", "+9", "1e3", "0x10", "", " ", "5, 5", "5, 6", "\u00b2", "nan"),
)


def of_path(random: Random) -> Attack:
    """Asks for a path that there is not, or by a method that it has not."""
    path = random.choice(PATHS) if random.random() < 0.7 else random.choice(READ)
    method = random.choice(METHODS) if random.random() < 0.6 else "GET"
    header = header_of(f"{method} {path} HTTP/1.1", {**HOST, "Connection": "close"})
    return Attack((header,), is_reading=True, may_be_cut=method == "CONNECT", has_answer_body=method != "HEAD")


def of_odd_header(random: Random) -> Attack:
    """Sends a header that a careless reader trips over, with a good request."""
    name, value = random.choice(FIELDS)
    path = random.choice(READ)
    if path == PREDICT:
        attack = post(form_of([part_of(good_picture(random))]), headers={name: value})
        return replace(attack, may_be_cut=name == "Host")
    header = header_of(f"GET {path} HTTP/1.1", {**HOST, "Connection": "close", name: value})
    return Attack((header,), is_reading=True)


def of_giant_header(random: Random) -> Attack:
    """Has headers of far too many bytes."""
    many = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(20_000))
    start = header_of(POST, HOST)[:-2]
    return random.choice(
        [
            raw(start + b"X: " + b"a" * random.choice([70_000, 500_000, 5_000_000])),
            raw(start + many + b"\r\n"),
            raw(f"GET /{'a' * 200_000} HTTP/1.1\r\n\r\n".encode()),
            raw(b"A" * 300_000),
            raw(start + b"Cookie: " + b"a=b; " * 30_000 + b"\r\n\r\n"),
            raw(start + b"a" * 100_000 + b": b\r\n\r\n"),
        ]
    )


def of_false_length(random: Random) -> Attack:
    """Says another length of its body than it has, or none that can be."""
    body = form_of([part_of(good_picture(random))])
    length = random.choice([*LENGTHS, str(len(body) - 9), str(len(body) + 9)])
    fields: dict[str, str | bytes] = {**HOST, "Content-Type": FORM, "Content-Length": length}
    doubled = random.choice([b"", b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n"])
    header = header_of(POST, fields)[:-2] + (doubled if random.random() < 0.3 else b"") + b"\r\n"
    return raw(header, body, ending=Ending.HALF)


def of_broken_chunks(random: Random) -> Attack:
    """Sends its body in chunks that lie."""
    body = form_of([part_of(good_picture(random))])
    size = f"{len(body):x}".encode()
    encoding = random.choice(["chunked"] * 9 + ["gzip", "gzip, chunked", "chunked, chunked", "identity", "\x0bchunked"])
    chunks = random.choice(
        [
            size + b"\r\n" + body + b"\r\n0\r\n\r\n",
            size + b"\r\n" + body,
            size + b"\r\n" + body + b"\r\n0\r\nX: " + b"a" * 100_000,
            size + b";a=" + b"b" * 100_000 + b"\r\n" + body + b"\r\n0\r\n\r\n",
            b"ffffffffffffffff\r\n" + body,
            b"f" * 50 + b"\r\n" + body,
            b"-1\r\n" + body,
            b"zz\r\n" + body,
            b"\r\n" + body,
            b"1\r\n" + body,
            b"3d09001\r\n" + body,
            b"".join(b"1\r\n%c\r\n" % byte for byte in body[:20_000]) + b"0\r\n\r\n",
            b"0\r\n\r\n" + b"GET /etc/passwd HTTP/1.1\r\n\r\n",
            b"5\r\n--lim\r\n" * 9_000,
        ]
    )
    header = header_of(POST, {**HOST, "Content-Type": FORM, "Transfer-Encoding": encoding})
    return raw(header, chunks, ending=Ending.HALF)


def no_http(random: Random) -> Attack:
    """Begins with something that is no request of HTTP/1.1."""
    start = random.choice(
        [
            b"GET /healthz\r\n\r\n",
            b"GET /healthz HTTP/0.9\r\n\r\n",
            b"GET /healthz HTTP/1.0\r\n\r\n",
            b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
            b"GET /healthz HTTP/9999999999.1\r\nHost: a\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(500),
            b"\x05\x01\x00",
            b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
            b"SSH-2.0-a\r\n",
            b"\0" * 1_000,
            b"\r\n" * 1_000,
            random.randbytes(random.randint(1, 3_000)),
            b"GET /healthz HTTP/1.1\r\n\r\n",
            b"GET /healthz HTTP/1.1\nHost: a\n\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
            b"GET /health z HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET \xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
            b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 500,
        ]
    )
    return raw(start, is_reading=True, ending=random.choice([Ending.WAIT, Ending.HALF]))


def half_closed(random: Random) -> Attack:
    """Closes its side after a request, or in the middle of one."""
    whole = post(form_of([part_of(good_picture(random))])).content
    length = random.choice([len(whole), random.randrange(1, len(whole)), random.randrange(1, 150)])
    return raw(whole[:length], ending=Ending.HALF)


def reset(random: Random) -> Attack:
    """Resets the connection, in the middle of a request or before the answer comes."""
    whole = post(form_of([part_of(good_picture(random))])).content
    pages = header_of("GET / HTTP/1.1", HOST) * 50
    return raw(
        random.choice([whole, whole[: random.randrange(len(whole))], pages]),
        b"",
        pause_seconds=random.choice([0, 0.02]),
        ending=Ending.RESET,
    )


def slow(random: Random) -> Attack:
    """Sends its headers, its body, or what follows a refusal, byte by byte."""
    body = form_of([part_of(good_picture(random))])
    whole, header = post(body).content, len(post(body).pieces[0])
    refused = header_of(POST, {**HOST, "Content-Type": random.choice(["a/b", FORM]), "Content-Length": "99000000"})
    chunked = header_of(POST, {**HOST, "Content-Type": FORM, "Transfer-Encoding": "chunked"})
    first, rest = random.choice(
        [
            *((whole[:place], whole[place:]) for place in (0, 30, header - 2, header, header + 90)),
            (refused, bytes(SLOW_BYTES)),
            (chunked, b"".join(b"1\r\n%c\r\n" % byte for byte in body[:SLOW_BYTES])),
        ]
    )
    pieces = (bytes([byte]) for byte in rest[:SLOW_BYTES])
    return raw(first, *pieces, pause_seconds=random.choice([0.3, 0.7, 1.5]))
