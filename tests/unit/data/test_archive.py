import errno
import pathlib
import zipfile

import pytest

from unmask.data.archive import list_contents, locate, place
from unmask.data.archive_reader import ArchiveReader
from unmask.data.zip_directory import Entry, read_directory
from unmask.errors import ArchiveError, ImageError
from unmask.records import FAKE, REAL, TEST, TRAIN, VALIDATION

KAGGLE_HEADER = ",original_path,id,label,label_str,path\n"


def entry(name):
    return Entry(name, header_offset=0, stored_bytes=1, bytes=1, crc=0, method=0, flags=0)


@pytest.mark.parametrize(
    ("name", "label", "split"),
    [
        ("real_vs_fake/real-vs-fake/train/real/1.jpg", REAL, TRAIN),
        ("real_vs_fake/real-vs-fake/valid/fake/1.jpg", FAKE, VALIDATION),
        ("test/fake/1.jpg", FAKE, TEST),
        ("real/1.jpg", REAL, ""),
        ("some/where/Fake/deeper/1.jpg", FAKE, ""),
        ("../../etc/real/1.jpg", REAL, ""),
    ],
)
def test_folders_name_the_label_and_the_upstream_split(name, label, split):
    member = place(entry(name))
    assert (member.name, member.label, member.upstream_split) == (name, label, split)


def test_a_folder_of_neither_class_names_no_label():
    assert place(entry("really/1.jpg")) is None


def test_refuses_a_member_in_both_classes():
    with pytest.raises(ArchiveError, match=r"real/old/fake/1\.jpg lies in a real and in a fake folder"):
        place(entry("real/old/fake/1.jpg"))


def test_lists_members_sorted_whatever_their_order_in_the_zip(make_archive):
    path = make_archive({"real/b.jpg": b"1", "fake/a.jpg": b"2", "real/a.jpg": b"3"})
    assert [member.name for member in list_contents(path).members] == ["fake/a.jpg", "real/a.jpg", "real/b.jpg"]


def test_ignores_what_is_no_image_by_rule(make_archive):
    ignored = {
        "README.txt": b"notes",
        "__MACOSX/real/._a.jpg": b"x",
        "real/.DS_Store": b"x",
        "real/Thumbs.db": b"x",
        "notes.csv": "a,b\n1,2\n",
        "real/": b"",
    }
    contents = list_contents(make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", **ignored}))
    assert [member.name for member in contents.members] == ["fake/a.jpg", "real/a.jpg"]
    assert contents.rejects == []
    assert contents.num_ignored == 2  # README.txt and notes.csv; the rest is left behind by operating systems


def test_any_other_file_in_a_class_folder_counts_as_an_image(make_archive):
    contents = list_contents(make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", "fake/notes.txt": b"3"}))
    assert "fake/notes.txt" in [member.name for member in contents.members]


def test_a_picture_in_no_class_folder_is_a_stray(make_archive):
    contents = list_contents(make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", "other/b.PNG": b"3"}))
    assert contents.rejects == [("other/b.PNG", "in no folder called real or fake")]


def test_label_1_of_a_table_means_real(make_archive):
    table = KAGGLE_HEADER + "0,,1,1,real,train/real/1.jpg\n1,,2,0,fake,train/fake/2.jpg\n"
    members = {"x/train/real/1.jpg": b"1", "x/train/fake/2.jpg": b"2", "train.csv": table}
    labels = {member.name: member.label for member in list_contents(make_archive(members)).members}
    assert labels == {"x/train/real/1.jpg": REAL, "x/train/fake/2.jpg": FAKE}


def test_refuses_labels_that_disagree_with_the_folders(make_archive):
    table = KAGGLE_HEADER + "0,,1,0,fake,train/real/1.jpg\n1,,2,0,fake,train/fake/2.jpg\n"
    members = {"x/train/real/1.jpg": b"1", "x/train/fake/2.jpg": b"2", "train.csv": table}
    with pytest.raises(ArchiveError, match=r"train\.csv and the folders disagree .* 1 images: x/train/real/1\.jpg"):
        list_contents(make_archive(members))


def test_sources_inside_the_archive_give_groups(make_archive):
    table = "path,label_str,source_video\nfake/a.jpg,fake,film\nreal/a.jpg,real,\n"
    members = {"real/a.jpg": b"1", "fake/a.jpg": b"2", "sources.csv": table}
    assert {member.name: member.group for member in list_contents(make_archive(members)).members} == {
        "fake/a.jpg": "film",
        "real/a.jpg": "",
    }


def test_sources_beside_the_archive_give_groups(make_archive):
    path = make_archive({"set/real/a.jpg": b"1", "set/fake/a.jpg": b"2"})
    path.with_name("sources.csv").write_text("path,group\nreal/a.jpg,one\nfake/a.jpg,two\n")
    assert [member.group for member in list_contents(path).members] == ["two", "one"]


def test_refuses_a_missing_archive(tmp_path):
    with pytest.raises(ArchiveError, match=r"there is no archive .*absent\.zip"):
        list_contents(tmp_path / "absent.zip")


def test_refuses_a_truncated_archive(make_archive):
    path = make_archive()
    content = path.read_bytes()
    for length in (1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ArchiveError, match=r"faces\.zip is no whole zip file: truncated, or not a zip"):
            list_contents(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", r"faces\.zip is empty \(0 bytes\)"), (b"not a zip" * 50, r"faces\.zip is no whole zip file")],
)
def test_refuses_what_is_no_archive(tmp_path, content, message):
    path = tmp_path / "faces.zip"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=message):
        read_directory(path)


def test_refuses_a_folder(tmp_path):
    with pytest.raises(ArchiveError, match="cannot read the archive"):
        read_directory(tmp_path)


@pytest.mark.parametrize(("name", "message"), [("", "cannot read the archive"), ("absent.zip", "there is no archive")])
def test_a_reader_of_no_file_is_refused(tmp_path, name, message):
    with pytest.raises(ArchiveError, match=message):
        ArchiveReader(tmp_path / name)


@pytest.mark.parametrize("members", [{}, {"notes.txt": b"x"}, {"pictures/a.jpg": b"x"}])
def test_refuses_an_archive_without_images(make_archive, members):
    with pytest.raises(ArchiveError, match="holds no images: they are looked for in folders called real and fake"):
        list_contents(make_archive(members))


@pytest.mark.parametrize(("present", "absent"), [("real", "fake"), ("fake", "real")])
def test_refuses_one_class(make_archive, present, absent):
    with pytest.raises(ArchiveError, match=f"one class only: there is no image in a folder called {absent}"):
        list_contents(make_archive({f"{present}/a.jpg": b"x"}))


@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile says so while the test writes the archive
def test_refuses_a_member_listed_twice(tmp_path):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("real/a.jpg", "real/a.jpg", "fake/a.jpg"):
            archive.writestr(name, b"x")
    with pytest.raises(ArchiveError, match=r"lists a member more than once: real/a\.jpg"):
        list_contents(path)


def test_refuses_encrypted_members(make_archive):
    path = make_archive({"real/a.jpg": b"x", "fake/a.jpg": b"y"})
    content = bytearray(path.read_bytes())
    # The flags lie 8 bytes into a central directory entry (APPNOTE.TXT, section 4.3.12).
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"is encrypted: real/a\.jpg; decrypt it first"):
        list_contents(path)


def read(path, name):
    [entry] = locate(path, [name])
    with ArchiveReader(path) as reader:
        return reader.read(entry)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_reads_a_member_by_where_it_lies(tmp_path, compression):
    path = tmp_path / "faces.zip"
    contents = {"real/a.jpg": bytes(500), "real/\u00e4.jpg": b"x", "fake/empty.jpg": b""}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    assert {name: read(path, name) for name in contents} == contents


class Pipe:
    """Takes bytes and cannot go back."""

    def __init__(self):
        self.content = b""

    def write(self, content):
        self.content += content
        return len(content)

    def flush(self):
        pass


def test_reads_a_member_written_before_its_size_was_known(tmp_path):
    path, pipe = tmp_path / "faces.zip", Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("real/a.jpg", bytes(500))
    path.write_bytes(pipe.content)
    assert locate(path, ["real/a.jpg"])[0].flags & 8  # the sizes follow the bytes (APPNOTE.TXT, section 4.4.4)
    assert read(path, "real/a.jpg") == bytes(500)


def test_locates_members_in_the_order_asked_for(make_archive):
    path = make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"22"})
    assert [entry.bytes for entry in locate(path, ["real/a.jpg", "fake/a.jpg", "real/a.jpg"])] == [1, 2, 1]


def test_a_member_with_damaged_bytes_is_no_image(make_archive):
    path = make_archive({"real/a.jpg": b"these bytes will change", "fake/a.jpg": b"y"})
    path.write_bytes(path.read_bytes().replace(b"bytes will", b"BYTES will"))
    with pytest.raises(ImageError, match="damaged in the archive: its size or its CRC is not what"):
        read(path, "real/a.jpg")


def test_a_member_of_absurd_size_is_not_read(make_archive, monkeypatch):
    monkeypatch.setattr("unmask.data.archive_reader.MAX_MEMBER_BYTES", 10)
    with pytest.raises(ImageError, match="11 bytes are more than the 10 allowed"):
        read(make_archive({"real/a.jpg": b"x" * 11}), "real/a.jpg")


def test_an_absent_member_is_named_so(make_archive):
    path = make_archive()
    with pytest.raises(ArchiveError, match=r"cannot read real/absent\.jpg from .*faces\.zip: not in the archive"):
        locate(path, ["real/absent.jpg"])


def test_a_name_that_is_no_text_is_a_damaged_archive(make_archive):
    path = make_archive({"real/\u00e4.jpg": b"x", "fake/a.jpg": b"y"})
    content = path.read_bytes()
    # The name in the central directory, the last of two, is flagged as UTF-8; FF never occurs in that.
    at = content.rindex("\u00e4".encode())
    path.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
    with pytest.raises(ArchiveError, match=r"faces\.zip is no whole zip file: .*utf-8"):
        read_directory(path)


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str
)
def test_no_damage_to_an_archive_raises_anything_but_its_own_errors(tmp_path, compression):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in ("real/\u00e4.jpg", "fake/a.jpg", "labels.csv"):
            archive.writestr(zipfile.ZipInfo(name), b"path,label\nfake/a.jpg,0\n" * 3, compression)
    content = path.read_bytes()
    raised = set()
    for position in range(len(content)):
        for flipped in (0x80, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= flipped
            path.write_bytes(damaged)
            try:
                members = list_contents(path).members
            except ArchiveError:
                raised.add(ArchiveError)
                continue
            with ArchiveReader(path) as reader:
                for member in members:
                    try:
                        reader.read(member.entry)
                    except ImageError:
                        raised.add(ImageError)
    assert raised == {ArchiveError, ImageError}


def test_a_damaged_table_is_named_with_its_archive(make_archive):
    path = make_archive({"real/a.jpg": b"x", "fake/a.jpg": b"y", "labels.csv": "path,label\nreal/a.jpg,1\n"})
    path.write_bytes(path.read_bytes().replace(b"real/a.jpg,1", b"real/a.jpg,0"))
    with pytest.raises(
        ArchiveError, match=r"cannot read the table .*faces\.zip/labels\.csv: damaged in the archive: its size"
    ):
        list_contents(path)


def test_an_unreadable_table_is_named_with_its_archive(make_archive):
    path = make_archive({"real/a.jpg": b"x", "fake/a.jpg": b"y", "labels.csv": b"path,label\n\xff,1\n"})
    with pytest.raises(ArchiveError, match=r"faces\.zip/labels\.csv is no readable CSV table"):
        list_contents(path)


def test_a_table_beside_the_archive_that_cannot_be_read_is_named(make_archive, monkeypatch):
    path = make_archive({"real/a.jpg": b"x", "fake/a.jpg": b"y"})
    path.with_name("sources.csv").write_text("path,group\n")

    def fail(self):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(pathlib.Path, "read_bytes", fail)
    with pytest.raises(ArchiveError, match=r"cannot read the table .*sources\.csv: .*Input/output error"):
        list_contents(path)


@pytest.mark.real_data
def test_reads_the_real_subset_with_its_splits(real_data):
    # 560 + 120 + 120 a class, says the data's own description.
    members = list_contents(real_data / "faces-140k-subset.zip").members
    counts = {
        (split, label): sum(member.upstream_split == split and member.label == label for member in members)
        for split in (TRAIN, VALIDATION, TEST)
        for label in (REAL, FAKE)
    }
    assert set(counts.values()) == {560, 120}
    assert len(members) == 1600


@pytest.mark.real_data
def test_reads_the_source_videos_of_the_real_frames(real_data):
    members = list_contents(real_data / "faceswap.zip").members
    assert len(members) == 12_000
    assert all(member.group for member in members)
