"""The stage `download` as a process of its own, with Kaggle's real client, against a stand-in for Kaggle.

The process is killed, watched on a terminal, and all that it writes is searched for the token.
"""

import hashlib
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from unmask import environment
from unmask.console import EXIT_TERMINATED
from unmask.environment import KAGGLE_VARIABLES
from unmask.errors import UnmaskError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "data" / "sources"))

from kaggle_server import DESCRIBE, DOWNLOAD, SIGNATURE, TOKEN, KaggleServer, make_zip  # noqa: E402

MEGABYTE = 1 << 20  # the client writes this much at a time
SMALL = make_zip(1000)
LARGE = make_zip(12 * MEGABYTE)
ARCHIVE = "140k-real-and-fake-faces.zip"
# What reaches a client that does not read: the buffers of a connection of this machine.
BUFFERS = MEGABYTE
WAIT_SECONDS = 60
# Of `sitecustomize.py`, which Python runs when it starts: points the client at the stand-in, and waits for nothing.
REDIRECT = """
import os
import time

from kagglesdk import kaggle_env

kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = os.environ["STAND_IN"]
time.sleep = lambda seconds: None
"""


@pytest.fixture
def kaggle():
    """A stand-in for Kaggle."""
    with KaggleServer(LARGE) as server:
        yield server


@pytest.fixture
def variables(kaggle, tmp_path):
    """An environment with a planted token, a home of its own and a client that finds the stand-in."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(REDIRECT)
    (tmp_path / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in KAGGLE_VARIABLES}
    return kept | {
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{site}",
        "STAND_IN": kaggle.url,
        "HOME": str(tmp_path / "home"),
        "NO_PROXY": "127.0.0.1",
        "KAGGLE_API_TOKEN": TOKEN,
        "VERBOSE": "1",  # makes the client talk
    }


@pytest.fixture
def start(variables, write_parameters, tmp_path):
    """Starts the stage; `start(version="2", stderr=...)` pins a version."""
    processes = []

    def run(*, version="", stderr=subprocess.PIPE):
        params = write_parameters({"source: sample ": "source: kaggle ", 'version: ""': f'version: "{version}"'})
        stage = [sys.executable, str(ROOT / "stages" / "download.py"), "--debug"]
        process = subprocess.Popen(
            [*stage, "--params", str(params), "--output", str(tmp_path / "data" / "raw")],
            env=variables,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=stderr,
            # Tests that a shell runs in the background ignore Ctrl-C, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "data" / "raw"


@pytest.fixture
def partial(tmp_path):
    return tmp_path / "data" / ".partial.raw"


def finish(process):
    """Waits for the stage; gives all that it said."""
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, (out or b"") + (err or b"")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def present_bytes(partial):
    """How much of the archive has arrived."""
    return max((path.stat().st_size for path in partial.glob(f"*/{ARCHIVE}")), default=0)


def wait_until(condition):
    """Waits for something that happens in another process."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def describe_files(folder):
    """The name, size and hash of each file below a folder."""
    return {path.name: sha256(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("ending", "expected_code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, EXIT_TERMINATED)],
)
def test_a_killed_download_is_resumed_and_ends_with_the_same_bytes(kaggle, start, raw, partial, ending, expected_code):
    kaggle.stop_at = 5 * MEGABYTE + 17
    process = start()
    wait_until(lambda: present_bytes(partial) == 5 * MEGABYTE)
    process.send_signal(ending)
    code, said = finish(process)
    assert code == expected_code
    assert not holds_secret(said)
    assert b"credentials" not in said
    assert not raw.exists()
    kaggle.stop_at = None
    kaggle.resume.set()
    kaggle.requests, before = [], sum(kaggle.sent)
    assert finish(start())[0] == 0
    assert sha256((raw / ARCHIVE).read_bytes()) == sha256(LARGE)
    assert json.loads((raw / "source.json").read_text())["sha256"] == sha256(LARGE)
    assert kaggle.requests == [None, f"bytes={5 * MEGABYTE}-"]
    assert kaggle.sent[-1] == 7 * MEGABYTE + len(LARGE) - 12 * MEGABYTE
    assert before <= 5 * MEGABYTE + 17
    assert sum(kaggle.sent) <= len(LARGE) + MEGABYTE + BUFFERS
    assert sorted(path.name for path in raw.parent.iterdir() if path.name == partial.name) == []


def test_an_earlier_output_stays_whole_while_another_version_arrives(kaggle, start, raw, partial):
    kaggle.content = SMALL
    assert finish(start())[0] == 0
    before = describe_files(raw)
    kaggle.content, kaggle.stop_at = LARGE, 5 * MEGABYTE
    process = start(version="3")
    wait_until(lambda: present_bytes(partial) == 5 * MEGABYTE)
    process.kill()
    finish(process)
    assert describe_files(raw) == before
    kaggle.stop_at = None
    kaggle.resume.set()
    assert finish(start(version="3"))[0] == 0
    assert describe_files(raw)[ARCHIVE] == sha256(LARGE)
    assert not partial.exists()


def test_a_terminal_shows_rate_and_time_left(kaggle, start):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    process = start(stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    assert finish(process)[0] == 0
    # Such as: 58%|#####8    | 7.00M/12.0M [00:02<00:01, 3.5MB/s]
    assert re.search(rb"\d+%\|.*\| [\d.]+M/12\.0M \[\d\d:\d\d<\d\d:\d\d, +[\d.]+[kMG]?B/s\]", said)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {DESCRIBE: (403, {"code": 403, "message": TOKEN})},
        {DOWNLOAD: (302, f"http://127.0.0.1:1/file.zip?X-Goog-Signature={SIGNATURE}")},
    ],
    ids=["success", "refusal", "no answer"],
)
def test_the_token_is_nowhere(kaggle, start, tmp_path, answers):
    kaggle.content = SMALL
    kaggle.answers |= answers
    code, said = finish(start())
    assert (code == 0) == (not answers)
    assert b"INFO download: source kaggle" in said
    assert (b"Traceback" in said) == bool(answers)
    assert not holds_secret(said)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and holds_secret(path.read_bytes())] == []
    assert b"%|" not in said  # no bar, as this is no terminal


def holds_secret(content):
    return TOKEN.encode() in content or SIGNATURE.encode() in content


def test_the_token_is_not_in_mlflow(monkeypatch, tmp_path, start, raw, kaggle):
    from unmask import config
    from unmask.tracking import live

    kaggle.content = SMALL
    assert finish(start())[0] == 0
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    parameters = config.load(tmp_path / "params.yaml")
    surroundings = environment.read()
    with (
        pytest.raises(UnmaskError, match="stopped"),
        live.training_run(model_name="cnn", section=parameters.train.cnn, environment=surroundings),
    ):
        raise UnmaskError("stopped")
    store = [path for path in (tmp_path / "mlruns").rglob("*") if path.is_file()]
    assert any(b"git_commit" in path.read_bytes() for path in store)
    assert [path for path in store if holds_secret(path.read_bytes())] == []


@pytest.mark.slow
def test_twenty_kills_at_random_moments_end_with_the_same_bytes(kaggle, start, raw, partial):
    moments = random.Random(0)
    kaggle.piece_bytes, kaggle.pause_seconds = MEGABYTE // 4, 0.05
    for _ in range(20):
        process = start()
        time.sleep(moments.uniform(0, 5))
        process.kill()
        finish(process)
        if raw.exists():
            assert sha256((raw / ARCHIVE).read_bytes()) == sha256(LARGE)
    kaggle.pause_seconds = 0.0
    code, said = finish(start())
    assert code == 0, said.decode()
    assert sha256((raw / ARCHIVE).read_bytes()) == sha256(LARGE)
    assert not partial.exists()
