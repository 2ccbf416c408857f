import struct
import zipfile

import pytest

from unmask.data.archives.directory import read_directory
from unmask.errors import ArchiveError

IN_64_BITS = 0xFFFFFFFF


def extra64(*values):
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def names(path):
    return [entry.name for entry in read_directory(path).entries]


def test_lists_what_zipfile_lists(make_archive):
    path = make_archive(
        {"real/a.jpg": b"1", "real/": b"", "fake/\u00e4.jpg": b"22", "__MACOSX/x": b"", "notes.txt": b""}
    )
    with zipfile.ZipFile(path) as archive:
        expected = [
            (listed.filename, listed.header_offset, listed.compress_size, listed.file_size, listed.CRC)
            for listed in archive.infolist()
            if not listed.is_dir() and not listed.filename.startswith("__MACOSX")
        ]
    assert [entry[:5] for entry in read_directory(path).entries] == expected


def test_lists_what_zipfile_lists_in_64_bits(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 40)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("real/a.jpg", "fake/a.jpg"):
            archive.writestr(name, bytes(100))
    assert b"PK\x06\x06" in path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        expected = [(listed.filename, listed.header_offset, listed.file_size) for listed in archive.infolist()]
    assert [(entry.name, entry.header_offset, entry.bytes) for entry in read_directory(path).entries] == expected


def test_a_comment_and_what_lies_before_the_zip_change_nothing(forge):
    plain = [entry.header_offset for entry in read_directory(forge()).entries]
    path = forge(comment=b"a comment, with an end record in it: PK\x05\x06" + bytes(30))
    assert [entry.header_offset for entry in read_directory(path).entries] == plain
    path.write_bytes(b"\xff\xd8\xff" + bytes(97) + path.read_bytes())
    assert [entry.header_offset for entry in read_directory(path).entries] == [offset + 100 for offset in plain]


def test_counts_that_go_round_at_16_bits_are_taken(forge, forged, monkeypatch):
    # The Finder zips 140,000 files so; 65,538 = 2^16 + 2.
    path = forge(*(forged(f"real/{number}.jpg", b"") for number in range(2**16)), count=2)
    assert len(names(path)) == 65_538


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"central": {"offset": 10_000}}, "would lie beyond"),
        ({"central": {"offset": IN_64_BITS}}, "size or place is missing"),
        ({"central": {"offset": IN_64_BITS}, "extra": extra64(2**63)}, "would lie beyond"),
        ({"central": {"offset": IN_64_BITS}, "extra": extra64(2**64 - 1)}, "would lie beyond"),
        ({"central": {"offset": IN_64_BITS}, "extra": b"\x01\x00\x08\x00abc"}, "size or place is missing"),
        ({"central": {"offset": IN_64_BITS}, "extra": b"\x01\x00\xff\xff" + bytes(8)}, "members overlap"),
        ({"central": {"stored_bytes": 10_000}}, "would lie beyond"),
        ({"central": {"stored_bytes": IN_64_BITS}, "extra": extra64(2**64 - 1)}, "would lie beyond"),
        ({"central": {"offset": 0}}, "members overlap"),
        ({"central": {"offset": 1}}, "members overlap"),
    ],
)
def test_a_directory_that_lies_of_a_member_is_refused(forge, forged, said, complaint):
    with pytest.raises(ArchiveError, match=f"forged.zip is no whole zip file: truncated, or not a zip .*{complaint}"):
        read_directory(forge(forged("real/a.jpg", **said)))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"count": 1}, "says 1 members and lists 2"),
        ({"count": 3}, "says 3 members and lists 2"),
        ({"count": 0xFFFF}, "says 65535 members and lists 2"),
        ({"offset": 10_000}, "would begin before the file"),
        ({"offset": IN_64_BITS}, "would begin before the file"),
        ({"size": 10_000}, "would begin before the file"),
        ({"size": IN_64_BITS}, "would begin before the file"),
        ({"size": 60}, "something else than entries"),
        ({"size": 0}, "says 2 members and lists 0"),
        ({"disk": 1}, "in several parts"),
    ],
)
def test_an_end_record_that_lies_is_refused(forge, said, complaint):
    with pytest.raises(ArchiveError, match=complaint):
        read_directory(forge(**said))


def test_an_entry_that_reaches_beyond_the_directory_is_refused(forge):
    path = forge()
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, content.rindex(b"PK\x01\x02") + 32, 5)  # a comment that is not there
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="its directory is cut off"):
        read_directory(path)


def with_end64(path, *, count, signature=b"PK\x06\x06"):
    content = path.read_bytes()
    at = content.rindex(b"PK\x05\x06")
    _, _, _, _, real_count, size, offset, _ = struct.unpack("<4s4H2IH", content[at:])
    record = struct.pack(
        "<4sQ2H2I4Q", signature, 44, 45, 45, 0, 0, count or real_count, count or real_count, size, offset
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    path.write_bytes(content[:at] + record + locator + content[at:])
    return path


def test_an_end_record_in_64_bits_is_read(forge):
    assert len(names(with_end64(forge(), count=None))) == 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"count": 3}, "its two end records disagree"),
        ({"count": 2**64 - 1}, "its two end records disagree"),
        ({"count": None, "signature": b"PK\x00\x00"}, "no end record where its locator says"),
    ],
)
def test_an_end_record_in_64_bits_that_lies_is_refused(forge, options, complaint):
    with pytest.raises(ArchiveError, match=complaint):
        read_directory(with_end64(forge(), **options))


def test_something_after_the_zips_end_is_refused(forge):
    path = forge()
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ArchiveError, match="no record of a directory at its end"):
        read_directory(path)


def test_more_members_than_memory_allows_are_refused(forge, monkeypatch):
    monkeypatch.setattr("unmask.data.archives.directory.MAX_ENTRIES", 1)
    with pytest.raises(ArchiveError, match="more than the 1 members allowed"):
        read_directory(forge())


@pytest.mark.parametrize(
    ("said", "shown", "reason"),
    [
        ({"name": "real/../../a.jpg"}, "real/../../a.jpg", "climbs out of its folder"),
        ({"name": "/real/a.jpg"}, "/real/a.jpg", "an absolute path"),
        ({"name": "C:\\real\\a.jpg"}, "C:\\real\\a.jpg", "a backslash"),
        ({"name": "real/\x1b[31m\na.jpg"}, "real/\\x1b[31m\\na.jpg", "control characters"),
        (
            {"name": b"real/\xff\xfe.jpg", "flags": 0x800},
            "real/\\xff\\xfe.jpg",
            "is not the UTF-8 that it claims to be",
        ),
        ({"name": b"x" * 65_535}, "x" * 60 + "..." + "x" * 60, "longer than the 1000 characters allowed"),
        ({"name": "a/" * 10_000 + "a.jpg"}, "a/" * 30 + "..." + ("/" + "a/" * 27 + "a.jpg"), "longer than"),
        ({"name": "real/link.jpg", "mode": 0o120777}, "real/link.jpg", "a link or a device"),
        ({"name": "real/pipe.jpg", "mode": 0o010644}, "real/pipe.jpg", "a link or a device"),
    ],
)
def test_a_member_that_cannot_be_taken_is_refused_by_a_printable_name(forge, forged, said, shown, reason):
    directory = read_directory(forge(forged(**said)))
    assert [entry.name for entry in directory.entries] == ["real/honest.jpg", "fake/honest.jpg"]
    [(name, why)] = directory.refused
    assert name == shown
    assert reason in why


def test_a_name_of_no_stated_encoding_is_read_as_zips_always_did(forge, forged):
    # Byte 84 of code page 437 is a lower-case a with two dots.
    assert "real/\u00e4.jpg" in names(forge(forged(b"real/\x84.jpg")))


def test_names_that_differ_in_case_are_different_names(forge, forged):
    assert names(forge(forged("REAL/honest.jpg")))[-1] == "REAL/honest.jpg"
