"""The API keeps to its own description, as schemathesis tries it: all of its checks, a bounded number of cases."""

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

CASES = 25
SECONDS = 300
KEY = "a-long-enough-key-1"
# What the description cannot say: which bytes are no picture (422), or how many pictures are too many (413).
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 413, 422]
"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed: the API is not tried"
)


@contextmanager
def served(app) -> Iterator[str]:
    """Serves an application on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def tried(address: str, folder: Path, *, key: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += [f"--config-file={folder / 'schemathesis.toml'}", "run", f"{address}/openapi.json", "--no-color"]
    command += [f"--max-examples={CASES}", "--seed=1", "--mode=all", "--generation-database=none"]
    command += [f"--header=X-API-Key: {key}"] if key else []
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder)


@pytest.mark.parametrize("key", ["", KEY])
def test_no_answer_is_other_than_described(service, tmp_path, key):
    with served(service(keys=(key,) if key else ()).app) as address:
        found = tried(address, tmp_path, key=key)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]
    assert "5 passed" in found.stdout


def test_an_answer_that_is_not_described_is_found(service, tmp_path, monkeypatch):
    """The test above can fail."""
    from unmask.serving.service import api

    monkeypatch.setattr(api, "REFUSALS", {status: text for status, text in api.REFUSALS.items() if status != 415})
    with served(service().app) as address:
        found = tried(address, tmp_path)
    assert found.returncode == 1
    assert "ndocumented" in found.stdout
