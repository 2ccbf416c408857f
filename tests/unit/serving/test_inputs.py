import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from unmask.errors import ImageError
from unmask.serving import inputs
from unmask.serving.inputs import Named, pictures_of
from unmask.serving.web_pictures import fetch


def encoded(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "deep/er/c.webp", "deep/note.txt", ".hidden.png", "deep/__MACOSX/d.png"):
        file = tmp_path / "faces" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(1))
    return tmp_path / "faces"


def names(*arguments: str) -> list[str]:
    return [picture.name for picture in pictures_of(arguments, allows_addresses=False)]


def only(argument: str, *, allows_addresses: bool = False) -> Named:
    (picture,) = pictures_of([argument], allows_addresses=allows_addresses)
    return picture


def test_a_folder_means_all_pictures_below_it_sorted(folder: Path) -> None:
    assert names(str(folder)) == [f"{folder}/a.JPG", f"{folder}/b.png", f"{folder}/deep/er/c.webp"]


def test_a_pattern_means_what_it_matches(folder: Path) -> None:
    assert names(f"{folder}/*.png") == [f"{folder}/b.png"]
    assert names(f"{folder}/**/*.webp") == [f"{folder}/deep/er/c.webp"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    file = tmp_path / "face [1].png"
    file.write_bytes(encoded(1))
    assert only(str(file)) == Named(str(file), file)


def test_a_zip_means_the_pictures_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("real/1.png", encoded(1))
        archive.writestr("fake/2.png", encoded(2))
        archive.writestr("labels.csv", "a,b")
        archive.writestr("__MACOSX/real/1.png", "left behind")
    one, other = pictures_of([str(tmp_path / "faces.zip")], allows_addresses=False)
    assert (one.name, one.content) == (f"{tmp_path}/faces.zip/fake/2.png", encoded(2))
    assert other.name.endswith("real/1.png")


def test_a_damaged_zip_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "faces.zip").write_bytes(b"PK no zip")
    content = only(str(tmp_path / "faces.zip")).content
    assert isinstance(content, ImageError)
    assert "no whole zip file" in str(content)


def test_a_name_that_means_nothing_is_an_error(folder: Path) -> None:
    (folder / "empty").mkdir()
    for name in (f"{folder}/empty", f"{folder}/*.gif"):
        content = only(name).content
        assert isinstance(content, ImageError)
        assert str(content) == f"{name}: no JPEG, PNG or WebP there"


def test_standard_input_is_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(encoded(5))))
    assert only("-") == Named("standard input", encoded(5))


class Answering(BaseHTTPRequestHandler):
    """Serves a picture, a refusal, and an answer that is too long."""

    def do_GET(self) -> None:
        self.send_response(404 if "absent" in self.path else 200)
        self.end_headers()
        self.wfile.write(encoded(5) * (1000 if "long" in self.path else 1))

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_address_is_fetched_where_that_is_allowed(address: str) -> None:
    assert only(f"{address}/face.png", allows_addresses=True).content == encoded(5)
    refused = only(f"{address}/face.png").content
    assert isinstance(refused, ImageError)
    assert "only with --allow-urls" in str(refused)


@pytest.mark.parametrize(("path", "message"), [("absent.png", "answers 404 Not Found"), ("long.png", "more than 9999")])
def test_an_address_without_a_picture_is_an_error(
    address: str, path: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 9999)
    content = only(f"{address}/{path}", allows_addresses=True).content
    assert isinstance(content, ImageError)
    assert message in str(content)


def test_an_address_that_nobody_answers_is_an_error() -> None:
    with pytest.raises(ImageError, match=r"http://127\.0\.0\.1:9/face\.png: cannot be reached"):
        fetch("http://127.0.0.1:9/face.png", max_bytes=10)
