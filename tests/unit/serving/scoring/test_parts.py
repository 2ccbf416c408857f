"""A table of scores: in parts that are whole or absent, gone on with, and never of two minds."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from unmask.errors import ImageError, ScoringError
from unmask.serving.scoring import parts, resume, run
from unmask.serving.scoring.resume import Counts, Scoring, Wish
from unmask.serving.scoring.sources import source_of
from unmask.serving.verdict import Caution, Facts, Verdict

PICTURES = 11
PART = 4


@dataclass
class Detector:
    """Calls a picture fake by its last digit, and refuses those that say so."""

    name: str = "fake"
    model_sha256: str = "a" * 64
    judged: list[bytes] = field(default_factory=list)

    def stream(self, images: Iterable[bytes | ImageError]) -> Iterator[Verdict | ImageError]:
        for image in images:
            if isinstance(image, ImageError) or image.startswith(b"bad"):
                yield image if isinstance(image, ImageError) else ImageError("damaged")
                continue
            self.judged.append(image)
            score = int(image[-1:]) / 10
            yield Verdict(
                label="fake" if score >= 0.5 else "real", score=score, threshold=0.5, distance=1.5,
                facts=Facts(8, 6, None, 99.5), cautions=(Caution("small", "it is"), Caution("unlike", "it is")),
            )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "faces"
    made.mkdir()
    for number in range(PICTURES):
        (made / f"{number:02d}.jpg").write_bytes(b"bad" if number == 5 else str(number).encode())
    return made


@pytest.fixture
def wish(folder: Path) -> Wish:
    return Wish(source_of(str(folder)), "fake", "a" * 64, "d" * 64, "onnx", PART)


def score(out: Path, wish: Wish, detector: Any, *, parts: int | None = None) -> Counts:
    """Scores what is missing, or some parts of it."""
    with resume.begun(out, wish) as scoring:
        list(run.run(scoring, scoring.missing()[:parts], run.here(lambda: detector)))
        return scoring.counts()


def test_every_picture_is_a_row_and_a_bad_one_has_its_error(tmp_path: Path, wish: Wish) -> None:
    out, detector = tmp_path / "out.parquet", Detector()
    # Digits 0 to 9 and then 0 again (of "10"): 0 to 4 and 0 are real, 6 to 9 fake, 5 is bad.
    assert score(out, wish, detector) == Counts(fake=4, real=6, not_judged=1)
    table = pd.read_parquet(out)
    assert table["image"].tolist() == [f"{number:02d}.jpg" for number in range(PICTURES)]
    assert sorted(path.name for path in out.glob("*.parquet")) == [f"part-0000{number}.parquet" for number in range(3)]
    first, bad = table.iloc[0], table.iloc[5]
    assert (first["label"], first["score"], first["threshold"], first["distance"]) == ("real", 0.0, 0.5, 1.5)
    assert (first["width"], first["height"], first["brightness"], first["faces"]) == (8, 6, 99.5, 0)
    assert (first["cautions"], first["error"], first["model"]) == ("small unlike", None, "fake")
    assert (bad["error"], bad["label"], bad["model_sha256"]) == ("damaged", None, "a" * 64)
    assert bad[["score", "distance", "width", "brightness"]].isna().all()


def test_what_was_scored_is_not_scored_again(tmp_path: Path, wish: Wish) -> None:
    out, first, second, third = tmp_path / "out.parquet", Detector(), Detector(), Detector()
    assert score(out, wish, first, parts=1).pictures == PART
    assert score(out, wish, second).pictures == PICTURES
    score(out, wish, third)
    assert [len(one.judged) for one in (first, second, third)] == [PART, PICTURES - PART - 1, 0]
    assert pd.read_parquet(out)["image"].is_unique


def test_a_part_that_is_damaged_or_removed_is_scored_again(tmp_path: Path, wish: Wish) -> None:
    out, again = tmp_path / "out.parquet", Detector()
    score(out, wish, Detector())
    whole = pd.read_parquet(out)
    (out / "part-00000.parquet").write_bytes(b"")
    (out / "part-00002.parquet").unlink()
    score(out, wish, again)
    assert len(again.judged) == PART + PICTURES % PART
    pd.testing.assert_frame_equal(pd.read_parquet(out), whole)


def pages_of(content: bytes) -> range:
    """Says which bytes of a Parquet file lie between its first four and its footer, whose length ends the file."""
    return range(4, len(content) - 8 - int.from_bytes(content[-8:-4], "little"))


def test_a_part_whose_pages_are_zeroes_is_scored_again(tmp_path: Path, wish: Wish) -> None:
    out, again = tmp_path / "out.parquet", Detector()
    score(out, wish, Detector())
    whole, file = pd.read_parquet(out), out / "part-00000.parquet"
    content = file.read_bytes()
    pages = pages_of(content)
    file.write_bytes(content[: pages.start] + bytes(len(pages)) + content[pages.stop :])  # as after a power failure
    score(out, wish, again)
    assert len(again.judged) == PART
    pd.testing.assert_frame_equal(pd.read_parquet(out), whole)


def test_no_part_with_another_byte_passes_for_whole_and_holds_other_values(tmp_path: Path) -> None:
    file = tmp_path / "part-00000.parquet"
    parts.write_part(file, parts.table_of([{"image": f"{number}.jpg", "score": number / 10} for number in range(PART)]))
    whole, content = pq.read_table(file), file.read_bytes()
    num_found = 0
    for place in pages_of(content):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        if parts.is_whole(file, rows=PART):  # as where a page's header has statistics, which no value depends on
            assert pq.ParquetFile(file).read().equals(whole), f"byte {place}"
        else:
            num_found += 1
    assert num_found > len(pages_of(content)) / 2


def test_a_part_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, seen = tmp_path / "part-00000.parquet", []

    def fsync(descriptor: int) -> None:
        seen.append((file.exists(), pq.read_metadata(f"/proc/self/fd/{descriptor}").num_rows))

    monkeypatch.setattr(os, "fsync", fsync)
    parts.write_part(file, parts.table_of([{"image": "a.jpg"}]))
    assert (seen, file.exists()) == ([(False, 1)], True)


def test_a_source_that_goes_away_leaves_no_part(tmp_path: Path, wish: Wish, folder: Path) -> None:
    def load() -> Detector:
        shutil.rmtree(folder)
        return Detector()

    with resume.begun(tmp_path / "out.parquet", wish) as scoring, pytest.raises(ScoringError, match="is gone"):
        list(run.run(scoring, scoring.missing(), run.here(load)))
    assert not list((tmp_path / "out.parquet").glob("*.parquet"))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"part_pictures": 5}, "parts of another size: --part 4 then, --part 5 now"),
        (
            {"detector_sha256": "e" * 64},
            "another model: fake \\(detector.json d{12}\\) then, fake \\(detector.json e{12}\\) now",
        ),
        ({"model_sha256": "b" * 64}, "another model"),
        ({"engine": "openvino"}, "another engine: onnx then, openvino now"),
    ],
)
def test_another_wish_is_refused(change: dict[str, Any], match: str, tmp_path: Path, wish: Wish) -> None:
    score(tmp_path / "out.parquet", wish, Detector(), parts=1)
    with pytest.raises(ScoringError, match=match):
        score(tmp_path / "out.parquet", replace(wish, **change), Detector())


def test_other_pictures_are_refused_and_the_same_elsewhere_are_not(tmp_path: Path, wish: Wish, folder: Path) -> None:
    out = tmp_path / "out.parquet"
    score(out, wish, Detector(), parts=1)
    moved = folder.rename(tmp_path / "moved")
    elsewhere = replace(wish, source=source_of(str(moved)))
    assert score(out, elsewhere, Detector(), parts=1).pictures == 2 * PART
    (moved / "11.jpg").write_bytes(b"1")
    with pytest.raises(ScoringError, match=r"other pictures: .*with 11 of them .* then, .*with 12 of them"):
        score(out, elsewhere, Detector())


@pytest.mark.parametrize("damage", [None, b"", bytes(2000)])
def test_a_listing_that_is_missing_or_damaged_is_made_anew(damage: bytes | None, tmp_path: Path, wish: Wish) -> None:
    out, listing = tmp_path / "out.parquet", tmp_path / "out.parquet" / resume.LISTING_FILE
    score(out, wish, Detector(), parts=1)
    whole = listing.read_bytes()
    if damage is None:
        listing.unlink()
    else:
        listing.write_bytes(damage)
    assert score(out, wish, Detector()).pictures == PICTURES
    assert listing.read_bytes() == whole


def test_a_zip_whose_members_moved_is_read_where_they_are_now(tmp_path: Path) -> None:
    out, zipped = tmp_path / "out.parquet", tmp_path / "faces.zip"
    for first in ("notes.txt", "far longer notes.txt"):  # the same pictures, at other places
        with zipfile.ZipFile(zipped, "w") as archive:
            for name in (first, "0.jpg", "1.jpg"):
                archive.writestr(name, name[0])
        counts = score(out, Wish(source_of(str(zipped)), "fake", "a" * 64, "d" * 64, "onnx", 1), Detector(), parts=1)
    assert counts == Counts(fake=0, real=2, not_judged=0)


def test_other_pictures_leave_the_listing_as_it_was(tmp_path: Path, wish: Wish, folder: Path) -> None:
    out = tmp_path / "out.parquet"
    score(out, wish, Detector(), parts=1)
    before = (out / resume.LISTING_FILE).read_bytes()
    (folder / "11.jpg").write_bytes(b"1")
    with pytest.raises(ScoringError, match="other pictures"):
        score(out, wish, Detector())
    assert (out / resume.LISTING_FILE).read_bytes() == before


def test_a_file_of_somebody_elses_is_not_counted(tmp_path: Path, wish: Wish) -> None:
    out = tmp_path / "out.parquet"
    score(out, wish, Detector(), parts=1)
    (out / "readme.txt").write_text("what this is")
    shutil.copy(out / "part-00000.parquet", out / "copy of part-00000.parquet")
    assert score(out, wish, Detector()).pictures == PICTURES
    (out / "_SUCCESS").write_text("")
    with resume.begun(out, wish) as scoring:
        assert scoring.strangers() == ["copy of part-00000.parquet", "readme.txt"]


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path, wish: Wish) -> None:
    with (
        resume.begun(tmp_path / "out.parquet", wish),
        pytest.raises(ScoringError, match="being written by another run"),
        resume.begun(tmp_path / "out.parquet", wish),
    ):
        pass
    with resume.begun(tmp_path / "out.parquet", wish) as scoring:
        assert isinstance(scoring, Scoring)


def test_a_second_process_is_refused_too(tmp_path: Path, wish: Wish) -> None:
    code = (
        "import os, sys; from unmask import artifacts; lock = os.open(sys.argv[1], os.O_RDONLY); "
        "print(artifacts.try_lock(lock), flush=True); sys.stdin.read()"
    )
    (tmp_path / "out.parquet").mkdir()
    command = [sys.executable, "-c", code, str(tmp_path / "out.parquet")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with pytest.raises(ScoringError, match="another run"), resume.begun(tmp_path / "out.parquet", wish):
            pass
        other.kill()
    with resume.begun(tmp_path / "out.parquet", wish):
        pass


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, wish: Wish, folder: Path) -> None:
    with pytest.raises(ScoringError, match=r"holds something else \(00\.jpg\)"), resume.begun(folder, wish):
        pass
    (tmp_path / "out.parquet").mkdir()
    (tmp_path / "out.parquet" / "_scoring.json").write_text('{"format": 0}')
    with pytest.raises(ScoringError, match="damaged or another version's"):
        score(tmp_path / "out.parquet", wish, Detector())


def test_nothing_to_score_is_said(tmp_path: Path, wish: Wish, folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(ScoringError, match="no JPEG, PNG or WebP there"):
        score(tmp_path / "out.parquet", wish, Detector())
    (folder / "0.jpg").write_bytes(b"1")
    assert score(tmp_path / "out.parquet", wish, Detector()).pictures == 1  # what was tried before is no hindrance
