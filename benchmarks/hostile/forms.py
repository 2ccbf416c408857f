"""Hostile forms and JSON around pictures that are good: each function makes one attack."""

import base64
import json
from functools import cache
from random import Random
from typing import Any

from benchmarks.hostile.attack import BOUNDARY, FORM, JSON, Attack, form_of, part_of, picture_form, post
from benchmarks.hostile.bases import good_picture

START = f"--{BOUNDARY}\r\n".encode()
NAMES = (
    b"../../../../etc/passwd",
    b"/etc/passwd",
    b"C:\\\\windows\\\\system32\\\\a.dll",
    b"a\x00.jpg",
    b"a%00.jpg",
    b"a" * 7_000,
    b"\xff\xfe\xfd",
    "\u202egpj.exe".encode(),
    b"<script>alert(1)</script>.jpg",
    b"'; DROP TABLE pictures; --",
    b'a\\"b.jpg',
    b"file:///etc/passwd",
    b"http://127.0.0.1:1/a.jpg",
    b"CON",
    b".",
    b"",
    b"\x1b[31mred\x07",
    b"{{7*7}}${7*7}",
)
ADDRESSES = (
    "file:///etc/passwd",
    "http://127.0.0.1:1/a.jpg",
    "https://127.0.0.1/",
    "/etc/passwd",
    "../../etc/passwd",
    "ftp://127.0.0.1/a",
    "\\\\127.0.0.1\\share",
    "data:image/png;base64,AAAA",
    "gopher://127.0.0.1:6379/_INFO",
    "http://169.254.169.254/latest/meta-data/",
    "/proc/self/environ",
    "s3://bucket/key",
    "/dev/zero",
    "|id",
)
TYPES: tuple[str | bytes, ...] = (
    "",
    "image/jpeg",
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "a",
    "/",
    ";;;",
    "multipart/mixed; boundary=a",
    "application/json; charset=utf-32",
    JSON,
    FORM * 90,
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="',
    "MULTIPART/FORM-DATA; BOUNDARY=a",
    "multipart/form-data; boundary=" + "b" * 5_000,
    "multipart/form-data; boundary*=utf-8''%ff",
    FORM + "\xe9",
    *(f"{FORM}; charset={name}" for name in ("undefined", "idna", "rot13", "utf-7", "\xff", "a" * 500)),
)
STRETCHED = b"form-data; name=files; filename*=%s''%%e2%%82%%ac%%ff"


def of_wrong_type(random: Random) -> Attack:
    """Says that its body is something else than it is, or than is taken."""
    form = form_of([part_of(good_picture(random))])
    body = random.choice([form, good_picture(random), b"{}", b""])
    return post(body, kind=random.choice(TYPES))


def broken(random: Random) -> Attack:
    """Is a form that breaks the rules of forms."""
    picture = good_picture(random)
    part, many = part_of(picture), random.choice([17, 18, 200, 3_000])
    bodies = [
        part,
        part[:-2],
        form_of([]),
        form_of([part])[:-4],
        form_of([part_of(b"a")] * many),
        form_of([part_of(b"", disposition=b'form-data; name="files"')] * many),
        form_of([part_of(picture, disposition=b'form-data; name="files"')]),
        form_of([part_of(picture, disposition=b'form-data; name="url"; filename="a"')]),
        form_of([part_of(picture, disposition=b'form-data; filename="a"')]),
        form_of([part_of(picture, disposition=b"")]),
        form_of([part_of(picture, disposition=b"attachment;;;=;" * 300)]),
        form_of([part_of(bytes(2_000_000), disposition=b'form-data; name="files"')]),
        START + b"Content-Disposition: form-data; name=" + b"f" * 100_000 + b"\r\n\r\na\r\n",
        START + b"X: y\r\n" * 20_000 + b"\r\na\r\n",
        START + b"X" * 300_000,
        START + b"no colon\r\n\r\na\r\n",
        START + b"\r\na\r\n" + START + b"\r\n",
        START * 2_000,
        b"\r\n" * 50_000 + form_of([part]),
        form_of([part]).replace(b"\r\n", b"\n"),
        form_of([part]) + b"and more" * 1_000,
        form_of([part_of(form_of([part]))]),
        part.replace(b"Content-Disposition", b"Content-Transfer-Encoding: base64\r\nContent-Disposition"),
        form_of([part.replace(b"\r\n\r\n", b"\r\nContent-Length: 999999999\r\n\r\n", 1)]),
        random.randbytes(random.randint(1, 9_000)),
    ]
    return post(random.choice(bodies))


def of_hostile_name(random: Random) -> Attack:
    """Names its picture so that whoever trusts the name is harmed."""
    name = random.choice(NAMES)
    dispositions = [
        b'form-data; name="files"; filename="' + name + b'"',
        b"form-data; name=files; filename=" + name,
        b'form-data; name="files"; filename="a"; filename="' + name + b'"',
        *(STRETCHED % charset for charset in (b"utf-8", b"undefined", b"idna", b"", b"\xff", b"utf-16")),
        b"form-data; name=files; filename*0=a; filename*1=b; filename*9999999999=" + name,
    ]
    picture = good_picture(random)
    if random.random() < 0.3:
        text = {"pictures": [{"name": name.decode("latin-1"), "content": base64.b64encode(picture).decode()}]}
        return post(json.dumps(text).encode(), kind=JSON)
    return post(form_of([part_of(picture, disposition=random.choice(dispositions))]))


def of_broken_base64(random: Random) -> Attack:
    """Sends JSON whose picture is not base64, or base64 of nothing good."""
    text = base64.b64encode(good_picture(random)).decode()
    place = random.randrange(len(text))
    content = random.choice(
        [
            *("", "=", "====", "a", "\u00e9" * 9, "\U0001f600", " " * 9_000, "A" * 999_999),
            *(text[:-1], text[:place], text + text, text.replace("/", "_"), "data:image/jpeg;base64," + text),
            *(text[:place] + strange + text[place:] for strange in ("!", "\n", "=", "\0")),
            base64.b64encode(text.encode()).decode(),
        ]
    )
    return post(json.dumps({"pictures": [{"content": content}]}).encode(), kind=JSON)


def of_broken_json(random: Random) -> Attack:
    """Sends JSON that is damaged, endless in depth, of wrong types, or in another encoding."""
    text = base64.b64encode(good_picture(random)).decode()
    good: dict[str, Any] = {"pictures": [{"content": text}]}
    depth = random.choice([100, 5_000, 400_000])
    bodies: list[Any] = [
        b"[" * depth,
        b'{"pictures":' * depth,
        b"[" * depth + b"]" * depth,
        b'{"pictures": ' + b"[" * depth + b"]" * depth + b"}",
        b'{"pictures": 1e999999}',
        b'{"pictures": ' + b"9" * 400_000 + b"}",
        b'{"pictures": [{"content": NaN}]}',
        b'{"pictures": [{"content": -Infinity, "name": null}]}',
        b'{"pictures": [{"content": "\\ud800"}]}',
        b'{"pictures": [{"content": "", "name": "\\ud800\\udc00\\udfff"}]}',
        b'{"pictures": [{"content": "\xff\xfe"}]}',
        b'{"pictures": [], "pictures": [{"content": ""}]}',
        json.dumps(good).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(good).encode(),
        json.dumps(good).encode()[: random.randrange(1, 200)],
        json.dumps(good).encode() + b"}",
        b"",
        b"null",
        b'"pictures"',
        b"\0" * 1_000,
        [good],
        {"pictures": good},
        {"pictures": None},
        {"pictures": {str(number): text for number in range(9)}},
        {"pictures": [text]},
        {"pictures": [[]]},
        {"pictures": [{"content": [text]}]},
        {"pictures": [{"content": 2**70, "name": True}]},
        {"pictures": [{"content": text, "name": ["a"]}]},
        {"pictures": [{"content": text, "name": "n" * 500_000}]},
        {"pictures": good["pictures"] * random.choice([16, 17, 900])},
        many_values(),
        {"pictures": good["pictures"], "__proto__": {"a": 1}},
        {**good, **{f"key {number}": number for number in range(50_000)}},
    ]
    body = random.choice(bodies)
    return post(body if isinstance(body, bytes) else json.dumps(body).encode(), kind=JSON)


@cache
def many_values() -> bytes:
    """Makes JSON of very many values that take few bytes each."""
    return b'{"pictures": [' + b"{}," * 3_000_000 + b"{}]}"


def of_address(random: Random) -> Attack:
    """Gives an address or a path in the place of a picture."""
    address = random.choice(ADDRESSES)
    encoded = base64.b64encode(address.encode()).decode()
    texts: list[Any] = [
        {"pictures": [{"content": address}]},
        {"pictures": [{"content": encoded, "name": address}]},
        {"pictures": [{"url": address}]},
        {"pictures": [{"path": address, "meta": {"_type": "gradio.FileData"}}]},
        {"pictures": [address]},
        {"url": address},
    ]
    if random.random() < 0.3:
        return picture_form(address.encode())
    return post(json.dumps(random.choice(texts)).encode(), kind=JSON)
