"""`unmask score`, as a person calls it."""

import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image
from s3_server import running_s3
from typer.testing import CliRunner

from unmask.cli import app

pytest.importorskip("onnx", reason="onnx is not installed: no network can be made")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing computes")
from small_bundle import COMMAND, MODEL_SHA256, make_bundle

GREYS = (90, 100, 104, 105, 120)
# Logits -1, 0, 0.4, 0.5 and 2; sigmoid 0.268941, 0.5, 0.598688, 0.622459 and 0.880797; fake from 0.6 on.
SCORES = [0.268941, 0.5, 0.598688, 0.622459, 0.880797]
Score = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def score(tmp_path: Path) -> Score:
    """Runs the command on grey pictures: `score("faces.zip", "out.parquet", ...)`."""
    make_bundle(tmp_path / "grey")
    (tmp_path / "faces").mkdir()
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for grey in GREYS:
            file = tmp_path / "faces" / f"{grey:03d}.png"
            Image.new("RGB", (20, 24), (grey, grey, grey)).save(file)
            archive.write(file, file.name)

    def run(*arguments: str, **variables: str) -> Any:
        command = [*COMMAND, "score", "--model", "grey", "--engine", "onnx", *arguments]
        environment = {**os.environ, **variables}
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)

    return run


def require_scores(out: Path) -> None:
    table = pd.read_parquet(out).sort_values("image")
    assert [Path(name).stem for name in table["image"]] == [f"{grey:03d}" for grey in GREYS]
    assert table["score"].round(5).tolist() == pytest.approx(SCORES, abs=1e-5)
    assert table["label"].tolist() == ["real"] * 3 + ["fake"] * 2
    # The mean of squared deviations of three channels, over 400: |grey - 100| / 20.
    assert table["distance"].tolist() == pytest.approx([0.5, 0.0, 0.2, 0.25, 1.0])
    assert set(table["model_sha256"]) == {MODEL_SHA256}


@pytest.mark.parametrize("source", ["faces", "faces.zip"])
def test_a_folder_and_a_zip_give_the_same_scores(source: str, score: Score, tmp_path: Path) -> None:
    done = score(source, "out.parquet", "--part", "2")
    assert (done.returncode, done.stdout[:74]) == (
        0, "out.parquet: 5 pictures, 2 called fake, 3 real, 0 not judged; 5 scored now"
    )  # fmt: skip
    require_scores(tmp_path / "out.parquet")
    again = score(source, "out.parquet", "--part", "2")
    assert (again.returncode, again.stdout.strip().rpartition("; ")[2]) == (0, "all scored before")


def test_s3_gives_the_same_scores(score: Score, tmp_path: Path) -> None:
    with running_s3(tmp_path) as server:
        bucket = server.make_bucket()
        for file in (tmp_path / "faces").iterdir():
            server.client().put_object(Bucket=bucket, Key=f"day/{file.name}", Body=file.read_bytes())
        done = score(f"s3://{bucket}/day/", "out.parquet", **server.variables)
    assert done.returncode == 0, done.stderr
    require_scores(tmp_path / "out.parquet")


def test_a_bad_picture_is_a_row_and_exit_status_3(score: Score, tmp_path: Path) -> None:
    (tmp_path / "faces" / "bad.jpg").write_bytes(b"none")
    done = score("faces", "out.parquet")
    assert (done.returncode, "1 not judged" in done.stdout) == (3, True)
    assert score("faces", "out.parquet").returncode == 3  # the table still holds it
    bad = pd.read_parquet(tmp_path / "out.parquet").set_index("image").loc["bad.jpg"]
    assert bad["error"]


def test_what_is_refused_is_one_line_and_exit_status_1(score: Score) -> None:
    done = score("absent", "out.parquet")
    assert (done.returncode, done.stderr) == (
        1, "error: there is no absent: expected a folder, a zip, or s3://BUCKET/PREFIX\n"
    )  # fmt: skip


def test_a_wrong_call_has_a_status_of_its_own(score: Score) -> None:
    assert score("faces", "out.parquet", "--part", "0").returncode == 2  # as typer has it


@pytest.mark.parametrize(
    "out", ["s3://bucket/out.parquet", "S3://bucket/out", "gs://bucket/out", "file:///out.parquet"]
)
def test_a_table_that_is_to_lie_elsewhere_is_refused_before_anything_is_done(
    out: str, score: Score, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    done = score("faces", out)
    assert (done.returncode, done.stderr) == (
        1, f"error: {out} is no folder of this machine: write the table into one, and copy it from there\n"
    )  # fmt: skip
    assert sorted(tmp_path.iterdir()) == before


def test_an_empty_name_is_not_the_current_folder(score: Score, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    done = score("faces", "")
    assert (done.returncode, "an empty name for the table" in done.stderr) == (1, True)
    assert sorted(tmp_path.iterdir()) == before


def test_ctrl_c_says_that_the_same_command_goes_on(
    score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(*_: Any) -> Iterator[int]:
        yield 2
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unmask.serving.scoring.run.run", interrupted)
    with caplog.at_level("WARNING", logger="unmask"):
        done = CliRunner().invoke(app, ["score", "faces", "out.parquet", "--model", "grey", "--engine", "onnx"])
    assert (done.exit_code, caplog.messages) == (130, ["interrupted: the same command goes on from here"])


def test_an_engine_that_there_is_not_leaves_nothing_behind(score: Score, tmp_path: Path) -> None:
    done = score("faces", "out.parquet", "--engine", "steam")
    assert (done.returncode, "unknown engine 'steam'" in done.stderr) == (1, True)
    assert not (tmp_path / "out.parquet").exists()


def test_a_part_read_by_duckdb_is_the_same_table(score: Score, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    score("faces", "out.parquet", "--part", "2")
    found = duckdb.sql(f"select count(*), max(score) from '{tmp_path}/out.parquet/*.parquet'").fetchall()
    assert found == [(5, pytest.approx(SCORES[-1], abs=1e-5))]
