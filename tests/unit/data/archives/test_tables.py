import pytest

from unmask.data.archives.tables import Endings, read_table
from unmask.errors import ArchiveError
from unmask.records import FAKE, REAL


def read(content, members=("real/1.jpg",)):
    return read_table("labels.csv", content if isinstance(content, bytes) else content.encode(), Endings(members))


def test_a_path_is_the_end_of_a_members_name():
    members = ["set/train/real/1.jpg", "set/test/real/1.jpg"]
    labels = read("path,label\ntrain/real/1.jpg,1\ntest/real/1.jpg,0\n", members).labels
    assert labels == {"set/train/real/1.jpg": REAL, "set/test/real/1.jpg": FAKE}


def test_a_path_that_fits_several_members_is_refused():
    members = ["set/train/real/1.jpg", "set/test/real/1.jpg"]
    with pytest.raises(ArchiveError, match=r"real/1\.jpg fits several members: set/test/real/1\.jpg, set/train"):
        read("path,label\nreal/1.jpg,1\n", members)


def test_a_table_without_paths_says_nothing(caplog):
    assert read("name,label\n1,1\n").labels == {}
    assert "labels.csv has no column path" in caplog.text


def test_images_that_are_absent_are_counted_in_a_warning(caplog):
    assert read("path,label\nreal/1.jpg,1\nreal/2.jpg,1\n").labels == {"real/1.jpg": REAL}
    assert "names 1 images that are not in the archive" in caplog.text


@pytest.mark.parametrize("path", [r"real\1.jpg", "./real/1.jpg", r".\real\1.jpg", "././real/1.jpg", r"set\real/1.jpg"])
def test_a_path_may_be_written_as_windows_or_find_writes_it(path):
    statements = read(f"path,label,group\n{path},1,film\n", ["set/real/1.jpg"])
    assert statements.labels == {"set/real/1.jpg": REAL}
    assert statements.groups == {"set/real/1.jpg": "film"}


def test_a_table_whose_paths_are_all_absent_is_refused():
    text = "path,group\n/home/me/1.jpg,film\n/home/me/2.jpg,film\n"
    with pytest.raises(
        ArchiveError, match=r"labels\.csv: none of its 2 paths, as /home/me/1\.jpg, .* image .* as real/1\.jpg is"
    ):
        read(text)


def test_a_table_without_rows_is_no_table_of_absent_images():
    assert read("path,label\n").labels == {}


def test_an_unknown_label_is_refused():
    with pytest.raises(ArchiveError, match=r"label of real/1\.jpg is '2'; expected 1 or 0"):
        read("path,label\nreal/1.jpg,2\n")


@pytest.mark.parametrize("rows", ["real/1.jpg,1,fake\n", "real/1.jpg,1,real\nreal/1.jpg,0,fake\n"])
def test_a_table_that_contradicts_itself_is_refused(rows):
    with pytest.raises(ArchiveError, match=r"contradicts itself on the label of real/1\.jpg"):
        read("path,label,label_str\n" + rows)


def test_groups_come_from_the_first_group_column():
    text = "path,source_video,group\nreal/1.jpg,film,person\nreal/2.jpg,film,\n"
    assert read(text, ["real/1.jpg", "real/2.jpg"]).groups == {"real/1.jpg": "person"}


def test_a_column_without_a_name_is_no_group():
    # As in Kaggle's own tables, where it numbers the rows.
    assert read(",path,label\n7,real/1.jpg,1\n").groups == {}


def test_a_table_of_labels_has_no_groups():
    assert read("path,label\nreal/1.jpg,1\n").groups == {}


@pytest.mark.parametrize("content", [b"path,label\n\xff\xfe\x00,1\n", b'path,label\n"real/1.jpg,1\n'])
def test_an_unreadable_table_is_refused(content):
    with pytest.raises(ArchiveError, match=r"labels\.csv is no readable CSV table"):
        read(content)


def test_a_byte_order_mark_does_not_hide_the_paths():
    assert read("\ufeffpath,label\nreal/1.jpg,1\n").labels == {"real/1.jpg": REAL}


def test_a_short_row_says_nothing_in_the_columns_it_lacks():
    assert read("label,path,group\n1,real/1.jpg\n\n").groups == {}


def test_a_path_means_whole_folders():
    with pytest.raises(ArchiveError, match="none of its 1 paths, as l/1\\.jpg"):
        read("path\nl/1.jpg\n")


@pytest.mark.parametrize("content", ["path\n" + "a\n" * 2_000_000, "path\n" + "," * 70_000, 'path\n"' + "a\n" * 80_000])
def test_a_table_of_more_or_longer_lines_than_needed_is_refused(content):
    with pytest.raises(
        ArchiveError, match=r"labels\.csv is no readable CSV table: (more than 2000000 lines|field larger)"
    ):
        read(content)


def test_a_group_that_would_break_a_table_is_refused():
    with pytest.raises(ArchiveError, match=r"the group of real/1\.jpg holds control characters"):
        read('path,group\nreal/1.jpg,"a\nb"\n')


def test_what_a_table_says_is_printed_escaped():
    with pytest.raises(ArchiveError, match=r"paths, as a\\x1b\[2J, is an image"):
        read("path\na\x1b[2J\n")


def test_finding_images_takes_no_longer_for_names_that_end_alike():
    # A table of as many depths as rows, against names that share their endings: compared one by one these are 10^8.
    names = ["/".join(["a"] * (1 + number % 400)) + f"/{number}/x.jpg" for number in range(10_000)]
    assert len(read("path,label\n" + "".join(f"{name},1\n" for name in names), names).labels) == 10_000
