"""A store copied into another file, and what cannot be copied. tests/team copies into PostgreSQL and S3."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import filled_store
import pytest

from unmask.artifacts import sha256_of_file
from unmask.cli.stores import show_copied
from unmask.environment import Environment
from unmask.errors import StorageError, TrackingError
from unmask.tracking import copying
from unmask.tracking.copying import Copied, copy_store
from unmask.tracking.locations import Moves, Places, place_for
from unmask.tracking.quiet import quiet
from unmask.tracking.store import locate, prepare


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own store, with one of everything."""
    root = tmp_path_factory.mktemp("filled")
    store = locate(Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench"))
    with quiet():
        prepare(store)
        filled_store.fill(store.uri, folder=root)
    return store.database


def copy(source: Path, target: Path, places: Places | None = None) -> Copied:
    address = f"sqlite:///{target}"
    places = places or place_for(address, artifacts="", source="", is_served=False)
    with quiet():
        return copy_store(f"sqlite:///{source}", address, places=places)


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of_file(path) for path in folder.rglob("*") if path.is_file()}


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as opened:
        return int(opened.execute(f"select count(*) from {table}").fetchone()[0])


def test_a_copy_is_the_store_run_for_run_and_the_store_is_untouched(filled: Path, tmp_path: Path) -> None:
    before = content(filled.parent)
    copied = copy(filled, tmp_path / "backup" / "mlflow.db")
    assert content(filled.parent) == before
    # 120 points of a loss, 6 odd numbers and an accuracy for each of 3 runs
    assert copied.rows["metrics"] == count(tmp_path / "backup" / "mlflow.db", "metrics") == 3 * (120 + 6 + 1)
    assert copied.files == len(content(filled.parent / "artifacts")) >= 3 * 2 * 3  # of each run, and of its model
    told = filled_store.tell(f"sqlite:///{filled}", folder=tmp_path / "of-store")
    shutil.move(filled.parent / "artifacts", filled.parent / "away")  # the copy needs nothing of the store
    try:
        assert filled_store.tell(f"sqlite:///{tmp_path}/backup/mlflow.db", folder=tmp_path / "of-copy") == told
    finally:
        shutil.move(filled.parent / "away", filled.parent / "artifacts")
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == ["artifacts", "mlflow.db"]


def test_a_copy_of_a_copy_is_the_same_to_the_last_row(filled: Path, tmp_path: Path) -> None:
    databases = [filled, tmp_path / "one" / "mlflow.db", tmp_path / "two" / "mlflow.db"]
    for source, target in pairwise(databases):
        copy(source, target)
    rows = []
    for database in databases[1:]:
        with closing(sqlite3.connect(database)) as opened:
            rows.append(sorted(line for line in opened.iterdump() if line.startswith("INSERT")))
    assert rows[1] == [line.replace(str(tmp_path / "one"), str(tmp_path / "two")) for line in rows[0]]


def test_the_copy_goes_on_where_the_store_ended(filled: Path, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    copy(filled, tmp_path / "mlflow.db")
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    before = {experiment.experiment_id for experiment in client.search_experiments()}
    assert client.create_experiment("another") not in before
    run = client.create_run(client.get_experiment_by_name("unmask").experiment_id)
    assert run.info.artifact_uri.startswith(f"file://{tmp_path}/artifacts/")


def test_a_target_that_is_there_is_refused(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("precious")
    with pytest.raises(TrackingError, match=r"mlflow\.db is there already"):
        copy(filled, tmp_path / "mlflow.db")
    assert (tmp_path / "mlflow.db").read_text() == "precious"


def test_a_copy_that_is_interrupted_is_none_and_goes_on(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = copying.send

    def interrupt(path: str, **places: object) -> None:
        if len(sent) == 5:
            raise KeyboardInterrupt
        send(path, **places)
        sent.append(path)

    before = content(filled.parent)
    with monkeypatch.context() as patch:
        patch.setattr(copying, "send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            copy(filled, tmp_path / "mlflow.db")
    assert [path.name for path in tmp_path.iterdir()] == ["artifacts"]
    assert content(filled.parent) == before

    def tally(path: str, **places: object) -> None:
        sent.append(path)
        send(path, **places)

    monkeypatch.setattr(copying, "send", tally)
    copied = copy(filled, tmp_path / "mlflow.db")
    assert len(sent) == copied.files  # none of the first five was sent again


KILLED = """
import os, sys, time
from unmask.tracking import copying
from unmask.tracking.locations import place_for
def wait(*_, **__):
    print("copying", flush=True)
    time.sleep(60)
copying.send = wait
target = sys.argv[2]
copying.copy_store(sys.argv[1], target, places=place_for(target, artifacts="", source="", is_served=False))
"""


def test_a_copy_that_is_killed_is_none_and_goes_on(filled: Path, tmp_path: Path) -> None:
    before = content(filled.parent)
    command = [sys.executable, "-W", "ignore", "-c", KILLED, f"sqlite:///{filled}", f"sqlite:///{tmp_path}/mlflow.db"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "copying\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert not (tmp_path / "mlflow.db").exists()
    assert content(filled.parent) == before
    copy(filled, tmp_path / "mlflow.db")
    assert not list(tmp_path.glob(".*"))


def test_what_a_place_has_of_another_copy_is_an_error(filled: Path, tmp_path: Path) -> None:
    copy(filled, tmp_path / "mlflow.db")
    (tmp_path / "mlflow.db").unlink()
    (folder,) = {path.parent for path in (tmp_path / "artifacts").glob("*/models/*/artifacts/empty.bin")} - set(
        sorted(path.parent for path in (tmp_path / "artifacts").glob("*/models/*/artifacts/empty.bin"))[1:]
    )
    (folder / "foreign.txt").write_text("not of the store")
    with pytest.raises(TrackingError, match=r"differs from .* in foreign\.txt"):
        copy(filled, tmp_path / "mlflow.db")


@pytest.mark.parametrize(
    ("database", "folder"),
    [("mlflow.db", "artifacts"), ("mon.db", "mon-artifacts"), ("2026.11.db", "2026.11-artifacts")],
)
def test_each_copy_has_a_place_of_its_own(database: str, folder: str, tmp_path: Path) -> None:
    places = place_for(f"sqlite:///{tmp_path}/{database}", artifacts="", source="", is_served=False)
    assert places.target == (tmp_path / folder).as_uri()


def test_a_file_of_the_same_size_and_other_content_is_sent_again(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(filled, tmp_path / "mlflow.db")
    (tmp_path / "mlflow.db").unlink()
    older = sorted((tmp_path / "artifacts").glob("*/models/*/artifacts/training/history.csv"))[0]
    before = older.read_bytes()
    older.write_bytes(before[::-1])
    sent: list[str] = []
    send = copying.send

    def tally(path: str, **places: object) -> None:
        sent.append(path)
        send(path, **places)

    monkeypatch.setattr(copying, "send", tally)
    copy(filled, tmp_path / "mlflow.db")
    assert older.read_bytes() == before
    assert sent == ["training/history.csv"]


def test_a_full_disk_says_so_and_leaves_no_copy(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "send", fail)
    with pytest.raises(StorageError, match="no space left to write"):
        copy(filled, tmp_path / "mlflow.db")
    assert not (tmp_path / "mlflow.db").exists()


def test_rows_that_arrive_otherwise_are_an_error(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = copying.compare

    def lose(sent: object, written: object) -> None:
        written.exec_driver_sql("delete from metrics where rowid = (select min(rowid) from metrics)")
        compare(sent, written)

    monkeypatch.setattr(copying, "compare", lose)
    with pytest.raises(TrackingError, match=r"metrics arrived with 380 rows of 381"):
        copy(filled, tmp_path / "mlflow.db")
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("sqlite:///{folder}/missing.db", "sqlite:///{folder}/new.db", r"there is no store .*missing\.db"),
        ("http://ann:planted-token@127.0.0.1:1", "sqlite:///{folder}/new.db", r"\*\*\*@127.* is no database: name one"),
        ("{filled}", "mysql://ann:planted-token@127.0.0.1/x", r"\*\*\*@127.* is no database"),
        ("{filled}", "somewhere", r"somewhere is no database"),
        ("{filled}", "postgresql+nothing://127.0.0.1/x", r"no address of a database"),
        ("sqlite:///{folder}/empty.db", "sqlite:///{folder}/new.db", r"holds no store of MLflow's"),
        ("sqlite:///{folder}/garbage.db", "sqlite:///{folder}/new.db", r"file is not a database"),
        ("sqlite:///{folder}/old.db", "sqlite:///{folder}/new.db", r"version 451aebb31d03, .*mlflow db upgrade"),
        ("{filled}", "postgresql://ann:planted-token@h:notaport/x", r"@h:notaport/x is no address of a database"),
        ("postgresql://a:12@3:planted-token/x@h/y", "sqlite:///{folder}/new.db", r"is no address of a database"),
        ("{filled}", "sqlite:////proc/x/new.db", r"the store sqlite:////proc/x/new\.db: No such file or directory"),
        ("sqlite:///{folder}/" + "x" * 300, "sqlite:///{folder}/new.db", r"File name too long"),
    ],
)
def test_what_cannot_be_copied_says_why(source: str, target: str, words: str, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "garbage.db").write_bytes(b"not a database" * 1000)
    with closing(sqlite3.connect(tmp_path / "empty.db")) as database:
        database.execute("create table other (id integer)")
    shutil.copy(filled, tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "old.db")) as database, database:
        database.execute("update alembic_version set version_num = '451aebb31d03'")
    names = {"folder": tmp_path, "filled": f"sqlite:///{filled}"}
    places = Places((tmp_path / "artifacts").as_uri())
    with quiet(), pytest.raises(TrackingError, match=words) as caught:
        copy_store(source.format(**names), target.format(**names), places=places)
    assert "planted-token" not in str(caught.value)
    assert not (tmp_path / "new.db").exists()


def test_files_that_a_server_hands_out_need_a_place(filled: Path, tmp_path: Path) -> None:
    served = tmp_path / "served" / "mlflow.db"
    copy(filled, served, Places((tmp_path / "files").as_uri(), is_served=True))
    with pytest.raises(TrackingError, match=r"hands its files out .*say with --artifacts-from"):
        copy(served, tmp_path / "back" / "mlflow.db")
    back = Places((tmp_path / "back" / "artifacts").as_uri(), source=(tmp_path / "files").as_uri())
    copy(served, tmp_path / "back" / "mlflow.db", back)
    tells = [
        filled_store.tell(f"sqlite:///{database}", folder=tmp_path / name)
        for name, database in (("a", filled), ("b", tmp_path / "back" / "mlflow.db"))
    ]
    assert tells[0] == tells[1]


def test_a_store_whose_models_have_lost_their_files_is_no_backup(filled: Path, tmp_path: Path) -> None:
    # of three models, one is of a deleted run
    shutil.move(filled.parent / "artifacts", filled.parent / "away")
    try:
        with pytest.raises(TrackingError, match=r"2 of 2 models have no files, the first in file://.*/models/m-"):
            copy(filled, tmp_path / "s.db")
    finally:
        shutil.move(filled.parent / "away", filled.parent / "artifacts")
    assert not (tmp_path / "s.db").exists()


def test_a_model_that_was_deleted_or_never_finished_needs_no_files(filled: Path, tmp_path: Path) -> None:
    shutil.copy(filled, tmp_path / "store.db")
    with closing(sqlite3.connect(tmp_path / "store.db")) as database, database:
        found = database.execute("select model_id from logged_models order by model_id").fetchall()
        changes = ("lifecycle_stage = 'deleted'", "status = 1", "source_run_id = (select run_uuid from runs "
                   "where lifecycle_stage = 'deleted')")  # fmt: skip
        for change, (model,) in zip(changes, found, strict=True):
            place = f"artifact_location = '{(tmp_path / 'nowhere').as_uri()}/{model}'"
            database.execute(f"update logged_models set {place}, {change} where model_id = ?", (model,))
    assert copy(tmp_path / "store.db", tmp_path / "copy" / "mlflow.db").files > 0


def test_a_folder_of_a_server_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"--artifacts-from: there is no folder .*/mistyped"):
        place_for("sqlite:///s.db", artifacts="", source=str(tmp_path / "mistyped"), is_served=False)
    with pytest.raises(TrackingError, match=r"--artifacts-from: there is no folder .*/mis typed"):
        place_for("sqlite:///s.db", artifacts="", source=(tmp_path / "mis typed").as_uri(), is_served=False)
    place_for("sqlite:///s.db", artifacts="", source="s3://bucket", is_served=False)  # asked later


def test_a_place_whose_addresses_would_be_too_long_is_an_error(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"longer than the 200 characters of MLflow: shorten the place"):
        copy(filled, tmp_path / "mlflow.db", Places(f"s3://bucket/{'x' * 180}"))


def test_a_version_from_elsewhere_keeps_its_address_and_is_named(tmp_path: Path, filled: Path) -> None:
    shutil.copy(filled, tmp_path / "store.db")
    with closing(sqlite3.connect(tmp_path / "store.db")) as database, database:
        database.execute("update model_versions set source = 's3://elsewhere/model' where version = 1")
    copied = copy(tmp_path / "store.db", tmp_path / "copy" / "mlflow.db")
    assert copied.outside == ("s3://elsewhere/model",)
    with closing(sqlite3.connect(tmp_path / "copy" / "mlflow.db")) as database:
        (source,) = database.execute("select source from model_versions where version = 1").fetchone()
    assert source == "s3://elsewhere/model"


def test_a_place_for_files_below_a_file_says_why(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("precious")
    for place in (tmp_path / "afile", tmp_path / "afile" / "x"):
        with pytest.raises(TrackingError, match=r"files of file://.* to file://.*/afile/.*: Not a directory"):
            copy(filled, tmp_path / "s.db", Places(place.as_uri()))
    assert [path.name for path in tmp_path.iterdir()] == ["afile"]


def test_a_file_that_cannot_be_written_says_why(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotADirectoryError(20, "Not a directory")

    monkeypatch.setattr(copying, "send", fail)
    with pytest.raises(TrackingError, match=r"files of file://.* to file://.*: Not a directory"):
        copy(filled, tmp_path / "s.db")


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `unmask copy-store` in a folder."""
    start = (sys.executable, "-W", "ignore", "-c", "from unmask.cli import main; main()", "copy-store")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    return subprocess.run(
        [*start, *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_command_copies_the_projects_own_store_and_says_what(filled: Path, tmp_path: Path) -> None:
    done = command("sqlite:///backup/mlflow.db", folder=filled.parent.parent)
    try:
        assert done.returncode == 0, done.stderr
        assert "copied and compared: " in done.stdout
        assert " 381 " in done.stderr  # metric points, in the table
        assert count(filled.parent.parent / "backup" / "mlflow.db", "runs") == filled_store.RUNS
    finally:
        shutil.rmtree(filled.parent.parent / "backup", ignore_errors=True)


def test_no_address_is_told_with_its_password(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = "ftp://ada:planted-token@127.0.0.1/model"
    show_copied(Copied(rows={"runs": 1}, files=0, size_bytes=0, outside=(address,), others={}))
    told = capsys.readouterr()
    assert "left where it is, as no run's: ftp://***@127.0.0.1/model" in told.out
    with pytest.raises(TrackingError, match=r"longer than the 200 characters") as long:
        copy(filled, tmp_path / "mlflow.db", Places(f"https://ada:planted-token@127.0.0.1/{'x' * 180}"))
    served = Moves(Places("s3://bucket"))
    with pytest.raises(TrackingError, match=r"say with --artifacts-from") as asked:
        served.add("mlflow-artifacts://ada:planted-token@127.0.0.1/1", "1")
    assert "planted-token" not in told.out + told.err + str(long.value) + str(asked.value)


def test_the_command_asks_where_files_go(tmp_path: Path) -> None:
    done = command("postgresql://ann@127.0.0.1/mlflow", folder=tmp_path)
    assert (done.returncode, "say with --artifacts-to where files go" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
