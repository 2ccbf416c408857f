import pandas as pd
import pytest

from unmask.artifacts import write_csv
from unmask.config import IndexConfig
from unmask.data.index import index_archive
from unmask.data.record_tables import read_external, read_records, read_split
from unmask.errors import ArchiveError, SplitError


def test_records_read_back_are_those_written(make_archive, make_faces, make_image, tmp_path):
    members = make_faces() | {"real/x.png": make_image(format="PNG")}
    config = IndexConfig(workers=1, max_pixels=10_000, max_reject_share=0.0)
    records = index_archive(make_archive(members), config).records
    write_csv(tmp_path / "records.csv", records)
    pd.testing.assert_frame_equal(read_records(tmp_path / "records.csv"), records)


def test_text_that_looks_like_a_number_stays_text(tmp_path):
    (tmp_path / "train.csv").write_text("member,label,group,sha256\na.jpg,1,007,00e1\nNA,0,NA,12\n")
    table = read_split(tmp_path / "train.csv")
    assert table.to_dict("list") == {
        "member": ["a.jpg", "NA"],
        "label": [1, 0],
        "group": ["007", "NA"],
        "sha256": ["00e1", "12"],
    }


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(ArchiveError, match=r"there is no table .*records\.csv"):
        read_records(tmp_path / "records.csv")
    with pytest.raises(SplitError, match=r"there is no table .*train\.csv"):
        read_split(tmp_path / "train.csv")


@pytest.mark.parametrize("content", ["", "member,label\na.jpg,1\n", "member,label,group,sha256\na.jpg,fake,,1\n"])
def test_another_table_is_refused(tmp_path, content):
    (tmp_path / "train.csv").write_text(content)
    with pytest.raises(SplitError, match=r"train\.csv is not the table expected"):
        read_split(tmp_path / "train.csv")


def test_a_set_called_na_keeps_its_name_and_what_it_lacks_is_none(tmp_path):
    (tmp_path / "external.csv").write_text("set,real,roc_auc_score,warning\nNA,0,,no reals\nother,5,0.75,\n")
    first, second = read_external(tmp_path / "external.csv")
    assert (first["set"], first["roc_auc_score"], first["warning"]) == ("NA", None, "no reals")
    assert (second["roc_auc_score"], second["warning"]) == (0.75, "")
