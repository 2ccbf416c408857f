import zipfile

import pytest

from unmask.data.archives.contents import locate
from unmask.data.archives.directory import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import ArchiveError, ImageError


def read(path, name="real/a.jpg"):
    [entry] = locate(path, [name])
    with ArchiveReader(path) as reader:
        return reader.read(entry)


class Pipe:
    """Takes bytes and cannot go back."""

    def __init__(self):
        self.content = b""

    def write(self, content):
        self.content += content
        return len(content)

    def flush(self):
        pass


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_reads_a_member_by_where_it_lies(tmp_path, compression):
    path = tmp_path / "faces.zip"
    contents = {"real/a.jpg": bytes(500), "real/\u00e4.jpg": b"x", "fake/empty.jpg": b""}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    assert {name: read(path, name) for name in contents} == contents


def test_reads_a_member_written_before_its_size_was_known(tmp_path):
    path, pipe = tmp_path / "faces.zip", Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("real/a.jpg", bytes(500))
    path.write_bytes(pipe.content)
    assert locate(path, ["real/a.jpg"])[0].flags & 8  # the sizes follow the bytes (APPNOTE.TXT, section 4.4.4)
    assert read(path) == bytes(500)


def test_reads_a_member_with_sizes_in_64_bits(tmp_path):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("real/a.jpg", "w", force_zip64=True) as member:
        member.write(bytes(500))
    assert read(path) == bytes(500)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_a_member_compressed_in_a_rare_way_is_refused(tmp_path, compression):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("real/a.jpg", bytes(500))
    with pytest.raises(ImageError, match=f"compressed by method {compression}: only stored and deflated"):
        read(path)


def test_a_member_with_damaged_bytes_is_no_image(make_archive):
    path = make_archive({"real/a.jpg": b"these bytes will change"})
    path.write_bytes(path.read_bytes().replace(b"bytes will", b"BYTES will"))
    with pytest.raises(ImageError, match="damaged in the archive: its size or its CRC is not what"):
        read(path)


@pytest.mark.parametrize(
    "said",
    [
        {"name": b"fake/a.jpg"},
        {"name": b"real/a.jpgs"},
        {"flags": 1},
        {"method": 8},
        {"crc": 1},
        {"stored_bytes": 2},
        {"bytes": 2},
    ],
    ids=str,
)
def test_a_member_whose_own_header_disagrees_with_the_directory_is_refused(forge, forged, said):
    with pytest.raises(ImageError, match="its header and the archive's directory disagree"):
        read(forge(forged("real/a.jpg", local=said)))


def test_a_member_that_is_not_where_the_directory_says_is_refused(forge, forged):
    path = forge(forged("real/a.jpg"))
    content = path.read_bytes()
    at = content.rindex(b"PK\x03\x04")
    path.write_bytes(content[:at] + b"PK\x03\x05" + content[at + 4 :])
    with pytest.raises(ImageError, match="it has no header where the archive's directory says"):
        read(path)


@pytest.mark.parametrize(("said", "content"), [({"bytes": 99}, b"x" * 100), ({"bytes": 101}, b"x" * 100)])
def test_a_member_that_unpacks_to_another_size_is_refused(forge, forged, said, content):
    with pytest.raises(ImageError, match="its size"):
        read(forge(forged("real/a.jpg", content, method=8, central=said, local=said)))


def test_a_deflated_member_that_stops_half_way_is_refused(forge, forged):
    said = {"stored_bytes": 10}
    content = bytes(range(256)) * 4
    with pytest.raises(ImageError, match="damaged in the archive"):
        read(forge(forged("real/a.jpg", content, method=8, central=said, local=said)))


def test_deflated_nonsense_is_refused(forge, forged):
    said = {"method": 8}
    with pytest.raises(ImageError, match="damaged in the archive: Error -3"):
        read(forge(forged("real/a.jpg", b"\xff" * 20, central=said, local=said)))


def test_a_member_that_unpacks_a_thousandfold_is_not_unpacked_beyond_what_it_says(forge, forged, monkeypatch):
    # 10 MB in 10 KB, said to be 1,000 bytes: no more than one byte beyond these is ever made.
    bomb = forged("real/a.jpg", bytes(10_000_000), method=8, central={"bytes": 1000}, local={"bytes": 1000})
    path = forge(bomb)
    assert path.stat().st_size < 11_000
    with pytest.raises(ImageError, match="its size is not what the archive's directory says"):
        read(path)


def test_a_member_of_absurd_size_is_not_read(forge, forged, monkeypatch):
    monkeypatch.setattr("unmask.data.archives.reader.MAX_MEMBER_BYTES", 10)
    with pytest.raises(ImageError, match="11 bytes are more than the 10 allowed"):
        read(forge(forged("real/a.jpg", b"x" * 11)))


def test_a_patch_to_another_file_is_refused(forge, forged):
    with pytest.raises(ImageError, match="a patch to another file"):
        read(forge(forged("real/a.jpg", flags=0x20)))


@pytest.mark.parametrize(
    ("offset", "stored_bytes"), [(10**6, 1), (2**63, 1), (2**64 - 1, 1), (-1, 1), (0, 10**6)], ids=str
)
def test_an_entry_of_another_archive_is_refused(make_archive, offset, stored_bytes):
    path = make_archive({"real/a.jpg": b"x"})
    entry = Entry("real/a.jpg", offset, stored_bytes, stored_bytes, crc=0, method=0, flags=0)
    with ArchiveReader(path) as reader, pytest.raises(ImageError, match="archive"):
        reader.read(entry)


@pytest.mark.parametrize(("name", "message"), [("", "cannot read the archive"), ("absent.zip", "there is no archive")])
def test_a_reader_of_no_file_is_refused(tmp_path, name, message):
    with pytest.raises(ArchiveError, match=message):
        ArchiveReader(tmp_path / name)
