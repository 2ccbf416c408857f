"""`unmask monitor`: its exit status, its report, and how it tells GitHub."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("onnx", reason="onnx is not installed: no network can be made")
from small_bundle import COMMAND, MODEL_SHA256, make_bundle

from unmask import artifacts
from unmask.cli import app
from unmask.environment import GITHUB, Environment, read
from unmask.errors import MonitoringError, UnmaskError
from unmask.serving.monitoring import trigger
from unmask.serving.monitoring.measures import MEASURES, NAMES
from unmask.serving.scoring import parts
from unmask.serving.scoring.resume import ABOUT_FILE, FORMAT, About

TOKEN = "ghp_planted"
WORKFLOW = Path(__file__).parents[4] / ".github" / "workflows" / "retrain.yml"


@dataclass
class Done:
    """What a command said and did."""

    status: int
    said: str
    error: str


Monitor = Callable[..., Done]


def pictures(seed: int, *, number: int = 300, brighter: float = 0.0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "score": generator.uniform(0, 1, number),
            "distance": generator.gamma(20, 0.05, number),
            "width": 256,
            "height": 256,
            "jpeg_quality": generator.choice([75, 90], number),
            "brightness": generator.normal(110, 20, number) + brighter,
        }
    ).round(6)


def write_scores(folder: Path, table: pd.DataFrame, *, listed: int | None = None) -> None:
    """Writes pictures and a bad one as `unmask score` does; of more that are listed the rest is not scored yet."""
    rows = [{**row, "model": "grey", "model_sha256": MODEL_SHA256} for row in table.to_dict("records")]
    rows.append({"image": "bad.jpg", "error": "damaged", "model": "grey", "model_sha256": MODEL_SHA256})
    parts.write_part(folder / "part-00000.parquet", parts.table_of(rows))
    about = About(
        format=FORMAT, input="faces", pictures=listed or len(rows), listing_sha256="c" * 64, part_pictures=1000,
        model="grey", model_sha256=MODEL_SHA256, detector_sha256="d" * 64, engine="onnx",
    )  # fmt: skip
    artifacts.write_json(folder / ABOUT_FILE, asdict(about))


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    """Runs the command in this process, in a folder with a bundle and scores."""
    make_bundle(tmp_path / "grey", reference=pictures(1).to_csv(index=False))
    write_scores(tmp_path / "same.parquet", pictures(2))
    write_scores(tmp_path / "brighter.parquet", pictures(3, brighter=30))

    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("GITHUB", "GH_"))]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **variables: str) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        found = CliRunner().invoke(app, ["monitor", *arguments, "--model", "grey"])
        if found.exception is not None and not isinstance(found.exception, (SystemExit, UnmaskError)):
            raise found.exception
        return Done(found.exit_code, found.output, str(found.exception or ""))

    return run


def test_the_command_is_one_and_its_status_tells_of_drift(monitor: Monitor, tmp_path: Path) -> None:
    command = [*COMMAND, "monitor", "brighter.parquet", "--model", "grey"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (10, "Drift in 1 of 6 measures: Brightness: see monitoring/report.html\n")
    command[-3] = "absent.parquet"
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "error: there are no scores absent.parquet\n")


def test_pictures_of_the_same_kind_are_no_drift(monitor: Monitor, tmp_path: Path) -> None:
    done = monitor("same.parquet")
    assert (done.status, done.said) == (0, "No drift in 6 measures: see monitoring/report.html\n")
    numbers = json.loads((tmp_path / "monitoring" / "report.json").read_text())
    assert (numbers["is_drift"], numbers["pictures"], numbers["not_judged"]) == (False, 300, 1)
    assert set(numbers["measures"]) == set(NAMES)
    text = (tmp_path / "monitoring" / "report.md").read_text()
    assert "1 of 301 pictures could not be judged" in text
    assert trigger.COMMAND not in text


def test_drift_is_exit_status_10_and_the_report_says_where_and_what_to_run(monitor: Monitor, tmp_path: Path) -> None:
    done = monitor("brighter.parquet", "--report", "told")
    assert (done.status, done.said) == (10, "Drift in 1 of 6 measures: Brightness: see told/report.html\n")
    numbers = json.loads((tmp_path / "told" / "report.json").read_text())["measures"]
    assert [name for name, found in numbers.items() if found["is_drift"]] == ["brightness"]
    # 30 is 1.5 standard deviations: the curves are 2 * Phi(0.75) - 1 = 0.547 apart.
    assert numbers["brightness"]["difference"] == pytest.approx(0.547, abs=0.08)
    text = (tmp_path / "told" / "report.md").read_text()
    assert "| Brightness | 1" in text
    assert "| DRIFT |" in text
    assert trigger.COMMAND in text


def test_the_page_needs_nothing_else(monitor: Monitor, tmp_path: Path) -> None:
    monitor("brighter.parquet")
    page = (tmp_path / "monitoring" / "report.html").read_text()
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count('src="data:image/png;base64,') == len(MEASURES)


def test_the_same_scores_give_the_same_bytes(monitor: Monitor, tmp_path: Path) -> None:
    for name in ("one", "two"):
        monitor("brighter.parquet", "--report", name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_earlier_scores_can_be_the_reference(monitor: Monitor) -> None:
    assert monitor("brighter.parquet", "--reference", "brighter.parquet").status == 0
    assert monitor("same.parquet", "--reference", "brighter.parquet").status == 10


def test_a_wider_limit_lets_more_pass(monitor: Monitor) -> None:
    assert monitor("brighter.parquet", "--limit", "0.7").status == 0


def test_few_pictures_are_said_to_be_few(monitor: Monitor, tmp_path: Path) -> None:
    write_scores(tmp_path / "few.parquet", pictures(2, number=25))
    assert monitor("few.parquet").status == 0
    assert "score more pictures" in (tmp_path / "monitoring" / "report.md").read_text()


def test_what_cannot_be_compared_is_exit_status_1(monitor: Monitor, tmp_path: Path) -> None:
    assert monitor("absent.parquet").status == 1
    (tmp_path / "grey" / "reference.csv").write_text("score\n0.5\n")
    done = monitor("same.parquet")
    assert (done.status, "reference.csv is damaged" in done.error) == (1, True)


def test_where_nothing_could_be_compared_is_exit_status_1_and_no_verdict(monitor: Monitor, tmp_path: Path) -> None:
    write_scores(tmp_path / "few.parquet", pictures(2, number=19))
    done = monitor("few.parquet")
    assert (done.status, done.error) == (
        1,
        "nothing could be compared: the scores have 19 pictures to compare, fewer than 20; see monitoring/report.html",
    )
    assert json.loads((tmp_path / "monitoring" / "report.json").read_text())["is_drift"] is None
    assert "# Nothing could be compared" in (tmp_path / "monitoring" / "report.md").read_text()


def test_a_scoring_that_is_not_finished_is_said_to_be(monitor: Monitor, tmp_path: Path, caplog: Any) -> None:
    write_scores(tmp_path / "same.parquet", pictures(2), listed=400)
    done = monitor("same.parquet", "--reference", "same.parquet")
    assert done.status == 0
    # Of 300 judged pictures and a bad one.
    assert caplog.messages == ["same.parquet is not finished: 301 of 400 pictures are scored"] * 2
    text = (tmp_path / "monitoring" / "report.md").read_text()
    assert "- The scores are not finished: 99 pictures more are listed" in text
    assert "- The reference is not finished: 99 pictures more are listed" in text
    numbers = json.loads((tmp_path / "monitoring" / "report.json").read_text())
    assert (numbers["not_scored"], numbers["reference_not_scored"]) == (99, 99)


def test_a_scoring_that_is_not_finished_tells_nobody_to_retrain(monitor: Monitor, tmp_path: Path) -> None:
    write_scores(tmp_path / "part.parquet", pictures(2, brighter=40), listed=400)
    done = monitor("part.parquet", "--trigger", GITHUB_REPOSITORY="ada/faces", GH_TOKEN=TOKEN)
    assert done.status == 1
    assert done.error.startswith("GitHub was not told: part.parquet is not finished")


@dataclass
class GitHub:
    """What GitHub's interface was sent."""

    address: str
    status: int = 204
    sent: list[tuple[str, str, Any]] = field(default_factory=list)


@contextmanager
def running_github() -> Iterator[GitHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            github.sent.append((self.path, self.headers["Authorization"], body))
            self.send_response(github.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        github = GitHub(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()


def test_the_event_is_the_one_that_the_workflow_waits_for() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow[True]["repository_dispatch"]["types"] == [trigger.EVENT]  # YAML 1.1 takes `on` for a truth value
    assert f"-f event_type={trigger.EVENT}" in trigger.COMMAND


def test_drift_tells_github_when_it_is_asked_to_and_the_token_is_never_shown(monitor: Monitor, tmp_path: Path) -> None:
    with running_github() as github:
        variables = {"GITHUB_API_URL": github.address, "GITHUB_REPOSITORY": "ada/faces", "GH_TOKEN": TOKEN}
        assert monitor("brighter.parquet", **variables).status == 10
        assert monitor("same.parquet", "--trigger", **variables).status == 0
        assert github.sent == []  # neither unasked, nor without drift
        done = monitor("brighter.parquet", "--trigger", **variables)
        github.status = 403
        refused = monitor("brighter.parquet", "--trigger", **variables)
    assert github.sent[0] == ("/repos/ada/faces/dispatches", f"Bearer {TOKEN}", {"event_type": "new-data"})
    assert (done.status, "GitHub was told to retrain" in done.said) == (10, True)
    assert (refused.status, "answers 403" in refused.error) == (1, True)
    told = [done.said, done.error, refused.said, refused.error]
    told += [file.read_text() for file in (tmp_path / "monitoring").iterdir()]
    assert not any(TOKEN in text for text in told)
    assert TOKEN not in repr(read(variables))


@pytest.mark.parametrize(
    ("variables", "repository", "match"),
    [
        ({}, "ada/faces", "needs a token in GH_TOKEN; or run: gh api"),
        (
            {"GH_TOKEN": TOKEN},
            "",
            "needs a repository of github.com, and the remote origin is none: set GITHUB_REPOSITORY",
        ),
        (
            {"GH_TOKEN": TOKEN, "GITHUB_API_URL": "https://code.example.com/api/v3"},
            "",
            "needs a repository of code.example.com, .* set GITHUB_REPOSITORY=OWNER/NAME, and for another server",
        ),
        ({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "http://127.0.0.1:9"}, "ada/faces", "cannot be reached"),
    ],
)
def test_what_is_missing_is_said(variables: dict[str, str], repository: str, match: str) -> None:
    found: Environment = read(variables)
    with pytest.raises(MonitoringError, match=match) as caught:
        trigger.trigger(found, repository=repository)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "repository"),
    [
        ("https://github.com/ada/faces.git", "ada/faces"),
        ("https://ada:secret@GitHub.com:443/ada/faces", "ada/faces"),
        ("git@github.com:ada/faces.git", "ada/faces"),
        ("github.com:ada/faces", "ada/faces"),
        ("ssh://git@github.com/ada/faces/", "ada/faces"),
        ("ssh://git@ssh.github.com:443/ada/faces.git", "ada/faces"),
        ("https://github.com/ada/dotted.name", "ada/dotted.name"),
        ("https://gitlab.com/ada/faces.git", ""),
        ("git@gitlab.com:ada/faces.git", ""),
        ("https://github.com.example.com/ada/faces", ""),
        ("https://example.com/github.com/ada/faces", ""),
        ("https://github.com:x@example.com/ada/faces", ""),
        ("https://github.com/ada/faces/more", ""),
        ("/srv/git/project", ""),
        ("../git/project", ""),
        ("file:///srv/git/project", ""),
        ("github.com/ada/faces", ""),  # a folder
        ("", ""),
        (None, ""),
    ],
)
def test_a_repository_is_read_from_its_address_on_github_alone(origin: str | None, repository: str) -> None:
    assert trigger.repository_of(origin, api=GITHUB) == repository


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://code.example.com/api/v3", "code.example.com"),  # of one's own server
        ("https://api.example.ghe.com/", "example.ghe.com"),  # GitHub's, with the data kept where a company wants it
    ],
)
def test_the_host_of_repositories_is_told_by_that_of_the_interface(api: str, host: str) -> None:
    assert trigger.repository_of(f"git@{host}:ada/faces.git", api=api) == "ada/faces"
    assert trigger.repository_of("git@elsewhere.com:ada/faces.git", api=api) == ""


@pytest.mark.parametrize(
    ("origin", "sent"), [("git@{host}:ada/faces.git", 1), ("git@gitlab.com:ada/faces.git", 0), ("/srv/git/project", 0)]
)
def test_the_event_goes_to_the_remote_on_that_server_or_nowhere(
    origin: str, sent: int, monitor: Monitor, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    with running_github() as github:
        address = origin.format(host="127.0.0.1")
        subprocess.run(["git", "remote", "add", "origin", address], cwd=tmp_path, check=True)
        done = monitor("brighter.parquet", "--trigger", GITHUB_API_URL=github.address, GH_TOKEN=TOKEN)
    assert [path for path, *_ in github.sent] == ["/repos/ada/faces/dispatches"] * sent
    assert done.status == (10 if sent else 1)
