import io
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from unmask.errors import ImageError
from unmask.serving import inputs, web_pictures
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


def test_all_below_follows_no_links_round_and_round(folder: Path) -> None:
    (folder / "deep" / "round").symlink_to(folder)
    assert names(f"{folder}/**/*.png") == [f"{folder}/b.png"]
    assert names(f"{folder}/**/er/**/c.webp", f"{folder}/d*/**") == [f"{folder}/deep/er/c.webp"] * 2


def test_a_pattern_relative_to_the_current_folder_reaches_all_below(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert names("**/*.[Jpw]*[Gp]", "**") == ["a.JPG", "deep/er/c.webp", "a.JPG", "b.png", "deep/er/c.webp"]


def test_a_pattern_leaves_out_what_is_no_picture_unless_there_is_nothing_else(folder: Path) -> None:
    (folder / "notes.txt").write_text("of the pictures")
    assert names(f"{folder}/*") == [f"{folder}/a.JPG", f"{folder}/b.png"]
    assert names(f"{folder}/n*") == [f"{folder}/notes.txt"]


def test_a_folder_that_cannot_be_listed_is_an_error_beside_its_neighbours_pictures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refusing(path: str) -> "os._ScandirIterator[str]":
        if str(path) == f"{folder}/deep":
            raise PermissionError(13, "Permission denied", f"{folder}/deep")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    *found, denied = pictures_of([str(folder)], allows_addresses=False)
    assert [picture.name for picture in found] == [f"{folder}/a.JPG", f"{folder}/b.png"]
    assert denied.name == f"{folder}/deep"
    assert str(denied.content) == f"{folder}/deep: cannot be listed: Permission denied"


def test_a_link_to_nothing_is_left_to_its_reader_and_a_pipe_is_no_picture(folder: Path) -> None:
    (folder / "lost.png").symlink_to(folder / "absent.png")
    os.mkfifo(folder / "pipe.png")
    assert f"{folder}/lost.png" in names(str(folder))
    assert f"{folder}/pipe.png" not in names(str(folder), f"{folder}/*.png")


def test_a_path_that_the_file_system_cannot_hold_is_left_to_its_reader(folder: Path) -> None:
    long = f"{folder}/{'x' * 300}"
    assert only(long) == Named(long, Path(long))
    assert isinstance(only(f"{long}*").content, ImageError)


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


def test_a_member_that_no_archive_may_hold_is_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for member in ("../up.png", "a\\b.png", "../labels.csv", "good.png"):
            archive.writestr(member, encoded(1))
    good, climbing, backslash = pictures_of([str(tmp_path / "faces.zip")], allows_addresses=False)
    assert good.content == encoded(1)
    assert climbing.name == f"{tmp_path}/faces.zip/../up.png"
    assert str(climbing.content) == f"{climbing.name}: its name climbs out of its folder"
    assert str(backslash.content).startswith(f"{tmp_path}/faces.zip/a\\b.png: its name holds a backslash")


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


def test_standard_input_is_not_cut_where_it_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", len(encoded(5)) - 1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(encoded(5))))
    content = only("-").content
    assert isinstance(content, ImageError)
    assert str(content) == f"standard input: more than {len(encoded(5)) - 1} bytes"


def test_standard_input_that_is_closed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert str(only("-").content) == "standard input: it is closed"


DRIPS, DRIP_SECONDS = 100, 0.05


class Answering(BaseHTTPRequestHandler):
    """Serves a picture, a refusal, an answer that is too long, one that drips, and a way to an address that is none."""

    def do_GET(self) -> None:
        if "astray" in self.path:
            self.send_response(302)
            self.send_header("Location", "http://[::1")
            self.end_headers()
            return
        self.send_response(404 if "absent" in self.path else 200)
        self.end_headers()
        for _ in range(DRIPS if "dripping" in self.path else 0):
            self.wfile.write(b"x")
            time.sleep(DRIP_SECONDS)
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


@pytest.mark.parametrize("broken", ["http://a..b/face.png", "http://[::1/face.png", "astray.png"])
def test_an_address_that_is_none_is_an_error(address: str, broken: str) -> None:
    name = broken if broken.startswith("http") else f"{address}/{broken}"
    content = only(name, allows_addresses=True).content
    assert isinstance(content, ImageError)
    assert str(content).startswith(f"{name}: ")


def test_an_answer_that_drips_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_pictures, "DEADLINE_SECONDS", 0.5)
    started = time.monotonic()
    content = only(f"{address}/dripping.png", allows_addresses=True).content
    assert time.monotonic() - started < DRIPS * DRIP_SECONDS
    assert isinstance(content, ImageError)
    assert "not whole within 0.5 seconds" in str(content)


def test_an_address_that_nobody_answers_is_an_error() -> None:
    with pytest.raises(ImageError, match=r"http://127\.0\.0\.1:9/face\.png: cannot be reached"):
        fetch("http://127.0.0.1:9/face.png", max_bytes=10)


def test_an_empty_name_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(encoded(5))
    monkeypatch.chdir(tmp_path)
    (only,) = pictures_of([""], allows_addresses=False)
    assert str(only.content) == "an empty name"
