import pytest

from unmask.data.archive_tables import parse_table, table_groups, table_labels
from unmask.errors import ArchiveError
from unmask.records import FAKE, REAL


def table(text):
    return parse_table("labels.csv", text.encode())


def test_a_path_is_the_end_of_a_members_name():
    members = ["set/train/real/1.jpg", "set/test/real/1.jpg"]
    labels = table_labels(table("path,label\ntrain/real/1.jpg,1\ntest/real/1.jpg,0\n"), members)
    assert labels == {"set/train/real/1.jpg": REAL, "set/test/real/1.jpg": FAKE}


def test_a_path_that_fits_several_members_is_refused():
    members = ["set/train/real/1.jpg", "set/test/real/1.jpg"]
    with pytest.raises(ArchiveError, match=r"real/1\.jpg fits several members: set/train/real/1\.jpg, set/test"):
        table_labels(table("path,label\nreal/1.jpg,1\n"), members)


def test_a_table_without_paths_says_nothing(caplog):
    assert table("name,label\n1,1\n").rows == []
    assert "labels.csv has no column path" in caplog.text


def test_images_that_are_absent_are_counted_in_a_warning(caplog):
    assert table_labels(table("path,label\nreal/1.jpg,1\nreal/2.jpg,1\n"), ["real/1.jpg"]) == {"real/1.jpg": REAL}
    assert "names 1 images that are not in the archive" in caplog.text


@pytest.mark.parametrize("path", [r"real\1.jpg", "./real/1.jpg", r".\real\1.jpg", "././real/1.jpg", r"set\real/1.jpg"])
def test_a_path_may_be_written_as_windows_or_find_writes_it(path):
    rows = table(f"path,label,group\n{path},1,film\n")
    assert table_labels(rows, ["set/real/1.jpg"]) == {"set/real/1.jpg": REAL}
    assert table_groups(rows, ["set/real/1.jpg"]) == {"set/real/1.jpg": "film"}


def test_a_table_whose_paths_are_all_absent_is_refused():
    text = "path,group\n/home/me/1.jpg,film\n/home/me/2.jpg,film\n"
    with pytest.raises(
        ArchiveError, match=r"labels\.csv: none of its 2 paths, as /home/me/1\.jpg, .* image .* as real/1\.jpg is"
    ):
        table_groups(table(text), ["real/1.jpg"])


def test_a_table_without_rows_is_no_table_of_absent_images():
    assert table_labels(table("path,label\n"), ["real/1.jpg"]) == {}


def test_an_unknown_label_is_refused():
    with pytest.raises(ArchiveError, match=r"label of real/1\.jpg is '2'; expected 1 or 0"):
        table_labels(table("path,label\nreal/1.jpg,2\n"), ["real/1.jpg"])


@pytest.mark.parametrize("rows", ["real/1.jpg,1,fake\n", "real/1.jpg,1,real\nreal/1.jpg,0,fake\n"])
def test_a_table_that_contradicts_itself_is_refused(rows):
    with pytest.raises(ArchiveError, match=r"contradicts itself on the label of real/1\.jpg"):
        table_labels(table("path,label,label_str\n" + rows), ["real/1.jpg"])


def test_groups_come_from_the_first_group_column():
    text = "path,source_video,group\nreal/1.jpg,film,person\nreal/2.jpg,film,\n"
    assert table_groups(table(text), ["real/1.jpg", "real/2.jpg"]) == {"real/1.jpg": "person"}


def test_a_table_of_labels_has_no_groups():
    assert table_groups(table("path,label\nreal/1.jpg,1\n"), ["real/1.jpg"]) == {}


@pytest.mark.parametrize("content", [b"path,label\n\xff\xfe\x00,1\n", b'path,label\n"real/1.jpg,1\n'])
def test_an_unreadable_table_is_refused(content):
    with pytest.raises(ArchiveError, match=r"labels\.csv is no readable CSV table"):
        parse_table("labels.csv", content)


def test_a_byte_order_mark_does_not_hide_the_paths():
    assert table("\ufeffpath,label\nreal/1.jpg,1\n").rows == [{"path": "real/1.jpg", "label": "1"}]
