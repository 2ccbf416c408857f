import errno
import pathlib
import zipfile

import pytest

from unmask.data.archives import contents
from unmask.data.archives.contents import STRAY, list_contents, locate, read_folders
from unmask.data.archives.directory import read_directory
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
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
    ],
)
def test_folders_name_the_label_and_the_upstream_split(name, label, split):
    assert read_folders(name) == (label, "", split)


def test_a_folder_of_neither_class_names_no_label():
    assert read_folders("really/1.jpg") is None


def test_refuses_a_member_in_both_classes():
    with pytest.raises(ArchiveError, match=r"real/old/fake/1\.jpg lies in a real and in a fake folder"):
        read_folders("real/old/fake/1.jpg")


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
    with pytest.raises(ArchiveError, match="is not a file"):
        read_directory(tmp_path)


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


def test_locates_members_in_the_order_asked_for(make_archive):
    path = make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"22"})
    assert [entry.bytes for entry in locate(path, ["real/a.jpg", "fake/a.jpg", "real/a.jpg"])] == [1, 2, 1]


def test_an_absent_member_is_named_so(make_archive):
    path = make_archive()
    with pytest.raises(ArchiveError, match=r"cannot read real/absent\.jpg from .*faces\.zip: not in the archive"):
        locate(path, ["real/absent.jpg"])


def test_names_that_are_refused_are_rejects(forge, forged):
    path = forge(forged("real/../a.jpg"), forged("stray.jpg"), forged("real/b.jpg"))
    contents = list_contents(path)
    assert [member.name for member in contents.members] == ["fake/honest.jpg", "real/b.jpg", "real/honest.jpg"]
    assert contents.rejects == [
        ("real/../a.jpg", "its name climbs out of its folder"),
        ("stray.jpg", "in no folder called real or fake"),
    ]


def test_an_archive_whose_names_are_all_refused_says_why(forge, forged):
    path = forge(forged("real\\a.jpg"), forged("fake\\a.jpg"), honest=False)
    with pytest.raises(ArchiveError, match=r"holds no images: .*; refused: real\\a\.jpg \(its name holds a backslash"):
        list_contents(path)


def test_a_table_whose_name_is_refused_stops_the_archive(forge, forged):
    # What it says of groups keeps one video's frames on one side: to go on without it would be worse.
    with pytest.raises(ArchiveError, match=r"cannot read a table of .*: \.\./sources\.csv: its name climbs"):
        list_contents(forge(forged("../sources.csv", b"path,group\n")))


def test_tables_beyond_any_need_are_refused(make_archive, monkeypatch):
    monkeypatch.setattr("unmask.data.archives.contents.MAX_MEMBER_BYTES", 20)
    members = {"real/a.jpg": b"1", "fake/a.jpg": b"2", "a.csv": "path\nreal/a.jpg\n", "b.csv": "path\nreal/a.jpg\n"}
    with pytest.raises(ArchiveError, match=r"the tables of .*faces\.zip hold 32 bytes: more than the 20 allowed"):
        list_contents(make_archive(members))


def test_a_zip_in_a_zip_is_not_opened(make_archive, forge):
    inner = forge().read_bytes()
    contents = list_contents(make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", "inner.zip": inner}))
    assert [member.name for member in contents.members] == ["fake/a.jpg", "real/a.jpg"]
    assert contents.num_ignored == 1


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2], ids=str)
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


def test_the_directory_of_a_file_is_read_again_only_when_the_file_changed(make_archive, monkeypatch):
    read = []
    monkeypatch.setattr(contents, "read_directory", lambda path: read.append(path) or read_directory(path))
    path = make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2"})
    assert len(list_contents(path).members) == len(locate(path, ["real/a.jpg", "fake/a.jpg"])) == 2
    assert len(read) == 1
    make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", "fake/b.jpg": b"3"})
    assert len(list_contents(path).members) == 3
    assert len(read) == 2


def test_what_is_rejected_is_told_anew_each_time(make_archive):
    path = make_archive({"real/a.jpg": b"1", "fake/a.jpg": b"2", "other/b.png": b"3"})
    assert list_contents(path).rejects == list_contents(path).rejects == [("other/b.png", STRAY)]
