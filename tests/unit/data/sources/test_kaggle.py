"""Kaggle's real client against a stand-in for Kaggle on this machine."""

import dataclasses
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from unmask.data.sources.kaggle import fetch
from unmask.environment import KAGGLE_VARIABLES
from unmask.errors import CredentialsError, DownloadError, StorageError

TOKEN = "secret-token-of-a-test"


class StandIn(ThreadingHTTPServer):
    """Answers as Kaggle does: by status and content for each path, and notes what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = []
        self.answers = {
            "/v1/security.OAuthService/IntrospectToken": (200, {"active": True, "username": "someone"}),
            "/v1/datasets.DatasetApiService/GetDataset": (
                200,
                {"currentVersionNumber": 2, "licenseName": "CC0: Public Domain", "totalBytes": 1000},
            ),
            "/v1/datasets.DatasetApiService/DownloadDataset": (302, f"{self.url}/file.zip?signature=signed"),
            "/file.zip?signature=signed": (200, b"the zip"),
        }


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.answer(json.loads(self.rfile.read(length) or b"{}"))

    def do_GET(self):
        self.answer({})

    def answer(self, request):
        self.server.asked.append((self.path, request, self.headers.get("Authorization")))
        status, content = self.server.answers.get(self.path, (404, {"code": 404, "message": "unknown"}))
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", content)
            body = b""
        else:
            self.send_header("Content-Type", "application/zip" if isinstance(content, bytes) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def kaggle(monkeypatch, tmp_path):
    """A stand-in for Kaggle, a fresh home, and no credentials."""
    for variable in KAGGLE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk import kaggle_env

    # Read from the home when the client was first imported.
    monkeypatch.setattr(KaggleApi, "config", str(tmp_path / "home" / ".kaggle" / "kaggle.json"))
    server = StandIn()
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def config(parameters):
    return dataclasses.replace(parameters.download, source="kaggle")


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.fixture
def token(kaggle, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)


def test_downloads_one_whole_zip_of_a_stated_version(kaggle, config, target, token, capsys):
    source = fetch(config, target)
    assert dataclasses.asdict(source) == {
        "name": "xhlulu/140k-real-and-fake-faces",
        "version": "2",
        "url": "https://www.kaggle.com/datasets/xhlulu/140k-real-and-fake-faces",
        "licence": "CC0: Public Domain",
        "archive": "140k-real-and-fake-faces.zip",
    }
    assert [file.name for file in target.iterdir()] == [source.archive]
    assert (target / source.archive).read_bytes() == b"the zip"
    assert capsys.readouterr().out == ""


def test_asks_for_the_version_it_names(kaggle, config, target, token):
    fetch(config, target)
    requests = [request for path, request, _ in kaggle.asked if path.endswith("/DownloadDataset")]
    assert requests[0]["datasetVersionNumber"] == 2


def test_a_token_may_lie_in_the_home(kaggle, config, target, tmp_path):
    folder = tmp_path / "home" / ".kaggle"
    folder.mkdir(parents=True)
    (folder / "access_token").write_text(TOKEN + "\n")
    fetch(config, target)
    assert ("/v1/datasets.DatasetApiService/GetDataset", f"Bearer {TOKEN}") in [
        (path, authorization) for path, _, authorization in kaggle.asked
    ]


def test_the_older_user_name_and_key_work(kaggle, config, target, tmp_path):
    folder = tmp_path / "home" / ".kaggle"
    folder.mkdir(parents=True)
    (folder / "kaggle.json").write_text(json.dumps({"username": "someone", "key": "key"}))
    (folder / "kaggle.json").chmod(0o600)
    assert fetch(config, target).version == "2"


def test_without_credentials_says_how_to_get_a_token(kaggle, config, target, capsys):
    with pytest.raises(CredentialsError) as caught:
        fetch(config, target)
    for part in ("https://www.kaggle.com/settings/api", "Generate New Token", "KAGGLE_API_TOKEN", "~/.kaggle/"):
        assert part in str(caught.value)
    assert capsys.readouterr().out == ""
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("answer", [(200, {"active": False}), (403, {"code": 403, "message": "no"})])
def test_an_expired_token_is_a_matter_of_credentials(kaggle, config, target, token, answer):
    kaggle.answers["/v1/security.OAuthService/IntrospectToken"] = answer
    with pytest.raises(CredentialsError, match="no valid Kaggle credentials"):
        fetch(config, target)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_access_is_a_matter_of_credentials(kaggle, config, target, token, status):
    kaggle.answers["/v1/datasets.DatasetApiService/GetDataset"] = (status, {"code": status, "message": "no"})
    with pytest.raises(CredentialsError, match=rf"refused the credentials, or access to xhlulu/.* \(HTTP {status}\)"):
        fetch(config, target)


def test_an_unknown_data_set_is_said_to_be_unknown(kaggle, config, target, token):
    kaggle.answers = {path: kaggle.answers[path] for path in kaggle.answers if "Introspect" in path}
    with pytest.raises(DownloadError, match=r"HTTP 404 for xhlulu/140k-real-and-fake-faces: there is no such data set"):
        fetch(config, target)


def test_a_data_set_that_is_not_described_is_downloaded_all_the_same(kaggle, config, target, token, caplog):
    del kaggle.answers["/v1/datasets.DatasetApiService/GetDataset"]
    assert fetch(config, target).version == ""
    assert "its version stays unknown" in caplog.text


def test_a_failing_server_is_named(kaggle, config, target, token):
    kaggle.answers["/v1/datasets.DatasetApiService/DownloadDataset"] = (500, {"code": 500, "message": "no"})
    with pytest.raises(DownloadError, match="HTTP 500 for xhlulu/140k-real-and-fake-faces: try again later"):
        fetch(config, target)


@pytest.mark.parametrize("call", ["datasets.DatasetApiService/GetDataset", "security.OAuthService/IntrospectToken"])
def test_an_answer_that_is_no_json_is_not_understood(kaggle, config, target, token, call):
    kaggle.answers[f"/v1/{call}"] = (200, b"<html>")
    with pytest.raises(DownloadError, match="incomplete or not understood"):
        fetch(config, target)


def test_no_network_is_a_download_error_without_secrets(config, target, token, kaggle, monkeypatch):
    from kagglesdk import kaggle_env

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, f"http://127.0.0.1:{port}")
    with pytest.raises(DownloadError, match=r"cannot reach Kaggle .* \(ConnectionError\): check the network") as caught:
        fetch(config, target)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("secret", [TOKEN + "\nX", "token ☃"])
def test_a_malformed_token_is_not_repeated(kaggle, config, target, monkeypatch, secret):
    monkeypatch.setenv("KAGGLE_API_TOKEN", secret)
    with pytest.raises(CredentialsError, match="the Kaggle token holds characters that no token has") as caught:
        fetch(config, target)
    assert secret not in str(caught.value)


def test_a_zip_that_would_not_fit_is_not_downloaded(kaggle, config, target, token):
    kaggle.answers["/v1/datasets.DatasetApiService/GetDataset"] = (200, {"totalBytes": 10**18})
    with pytest.raises(StorageError, match="no space left in"):
        fetch(config, target)
    assert not any(path.endswith("/DownloadDataset") for path, *_ in kaggle.asked)
