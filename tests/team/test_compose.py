"""deploy/compose.yaml, read as Compose would: no secret in it, everything pinned, nothing open to the outside."""

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow_server import ACCOUNTS, ADMINISTRATOR, Team
from s3_server import S3

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SECRET = re.compile(r"PASSWORD|SECRET|KEY", re.IGNORECASE)
REQUIRED = re.compile(r"\$\{(\w+):\?\}")  # Compose stops where it is unset or empty
PINNED = re.compile(r"^[\w./-]+:v?\d+(\.\d+)+[\w.-]*$")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def variables(services: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            yield name, variable, value


def test_every_secret_comes_from_outside_and_is_asked_for(services: dict[str, Any]) -> None:
    secrets = [(name, variable, value) for name, variable, value in variables(services) if SECRET.search(variable)]
    assert len(secrets) > 8
    assert [found for found in secrets if not REQUIRED.fullmatch(found[2])] == []
    asked = {REQUIRED.fullmatch(value)[1] for _, _, value in secrets}
    example = (DEPLOY / "team.env.example").read_text().splitlines()
    assert {line for line in example if line and not line.startswith("#")} == {f"{name}=" for name in asked}


def test_no_secret_is_in_a_command_line(services: dict[str, Any]) -> None:
    words = [str(word) for service in services.values() for word in service.get("command", [])]
    assert not [word for word in words if "$" in word or re.search(r"://\w+:", word)]


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if not PINNED.match(service["image"])] == []


def test_ports_are_open_on_this_machine_alone(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_whatever_stays_has_a_check_of_its_health_and_what_it_keeps_a_volume(services: dict[str, Any]) -> None:
    staying = {name: service for name, service in services.items() if "restart" in service}
    assert set(services) - set(staying) == {"buckets"}  # which ends
    assert [name for name, service in staying.items() if "healthcheck" not in service] == []
    kept = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    declared = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["volumes"]
    assert {name for name in kept if not name.startswith(".")} == set(declared)
    assert all((DEPLOY / name).exists() for name in kept if name.startswith("."))


def test_the_image_has_the_versions_of_the_lock() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    lock = (ROOT / "requirements.lock").read_text()
    installed = dict(re.findall(r'"([\w-]+)(?:\[\w+\])?==([\d.]+)"', dockerfile))
    assert set(installed) == {"mlflow", "psycopg", "boto3"}
    assert [name for name, version in installed.items() if f"\n{name}=={version} " not in lock] == []


def test_the_server_starts_as_the_tests_start_it(services: dict[str, Any]) -> None:
    """The command cannot be run without Docker, so that of the tests, which is, must say the same."""
    command = {word.partition("=")[0] for word in services["mlflow"]["command"] if word.startswith("--")}
    assert command == {"--backend-store-uri", "--artifacts-destination", "--app-name", "--host", "--port", "--workers"}
    ours, tests = configparser.ConfigParser(), configparser.ConfigParser()
    ours.read(DEPLOY / "accounts.ini")
    tests.read_string(ACCOUNTS.format(uri=ours["mlflow"]["database_uri"]))
    assert dict(ours["mlflow"]) == dict(tests["mlflow"])


def test_buckets_are_made_once(s3: S3) -> None:
    environment = {**os.environ, **s3.variables}
    command = [sys.executable, str(DEPLOY / "make_buckets.py"), "team-a", "team-b"]
    for _ in range(2):
        subprocess.run(command, env=environment, check=True)
    names = {bucket["Name"] for bucket in s3.client().list_buckets()["Buckets"]}
    assert {"team-a", "team-b"} <= names


def test_without_its_account_nobody_reads_the_store(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    with team.served(tmp_path) as address:
        assert MlflowClient(address).search_experiments()
        for password in ("", "wrong"):
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMINISTRATOR if password else "")
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
            with pytest.raises(MlflowException, match=r"401|[Uu]nauthorized|not authenticated"):
                MlflowClient(address).search_experiments()


def test_an_account_that_admin_made_may_do_what_a_retraining_does(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filled_store
    import requests
    from mlflow import MlflowClient

    from unmask.tracking.registry import CHAMPION, DETECTOR

    with team.served(tmp_path) as address:
        experiment = MlflowClient(address).create_experiment("unmask")
        MlflowClient(address).create_registered_model(DETECTOR)
        account = {"username": "ada", "password": "a password of hers"}
        made = requests.post(
            f"{address}/api/2.0/mlflow/users/create", json=account, auth=(ADMINISTRATOR, team.password), timeout=30
        )
        assert made.status_code == 200, made.text
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a password of hers")
        client = MlflowClient(address)
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "history.csv").write_text("epoch,loss\n0,0.5\n")
        with filled_store.used(address):
            filled_store.fill_run(client, experiment, number=1, folder=tmp_path)
        client.set_registered_model_alias(DETECTOR, CHAMPION, "1")
        assert client.get_registered_model(DETECTOR).aliases == {CHAMPION: "1"}
        (run,) = client.search_runs([experiment])
        assert client.list_artifacts(run.info.run_id)
