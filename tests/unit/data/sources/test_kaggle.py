"""Kaggle's real client against a stand-in for Kaggle on this machine."""

import dataclasses
import hashlib
import json
import random
import re
import shutil
import socket
import sys
import time
import traceback
from collections import namedtuple
from pathlib import Path

import pytest

from unmask.artifacts import write_json
from unmask.data.raw import Folders
from unmask.data.sources import network
from unmask.data.sources.kaggle import fetch
from unmask.environment import KAGGLE_VARIABLES
from unmask.errors import CredentialsError, DownloadError, StorageError

sys.path.insert(0, str(Path(__file__).parent))

from kaggle_server import (  # a neighbour of this file, not of a package
    DESCRIBE,
    DOWNLOAD,
    INTROSPECT,
    SIGNATURE,
    TOKEN,
    KaggleServer,
    make_zip,
)

DATASET = "xhlulu/140k-real-and-fake-faces"
ARCHIVE = "140k-real-and-fake-faces.zip"
MEGABYTE = 1 << 20  # the client writes this much at a time
SMALL = make_zip(1000)
LARGE = make_zip(12 * MEGABYTE)
FAULTS = [403, 416, 429, 500, 502, 503, 504]
BUFFERS = MEGABYTE  # more than the buffers of a connection take in when a client does not read
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def slept(monkeypatch):
    """The seconds of every wait, none of which is waited."""
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


@pytest.fixture
def kaggle(monkeypatch, tmp_path, slept):
    """A stand-in for Kaggle, a fresh home, and no credentials."""
    for variable in KAGGLE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with KaggleServer(SMALL) as server:
        from kaggle.api.kaggle_api_extended import KaggleApi
        from kagglesdk import kaggle_env

        # Read from the home when the client was first imported.
        monkeypatch.setattr(KaggleApi, "config", str(tmp_path / "home" / ".kaggle" / "kaggle.json"))
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
        yield server


@pytest.fixture
def token(kaggle, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)


@pytest.fixture
def pin(parameters):
    """Makes the section with some pins set: `pin(version="2")`."""

    def make(**pins):
        kaggle = dataclasses.replace(parameters.download.kaggle, **pins)
        return dataclasses.replace(parameters.download, source="kaggle", kaggle=kaggle)

    return make


@pytest.fixture
def config(pin):
    return pin()


@pytest.fixture
def folders(tmp_path):
    target = tmp_path / "new" / "raw"
    target.mkdir(parents=True)
    return Folders(target=target, output=tmp_path / "raw", partial=tmp_path / ".partial.raw")


@pytest.fixture
def run(folders):
    """Downloads as the stage does: what arrives replaces the output, unless it fails."""

    def download(config):
        source = fetch(config, folders)
        write_json(folders.target / "source.json", dataclasses.asdict(source))
        shutil.rmtree(folders.output, ignore_errors=True)
        folders.target.rename(folders.output)
        folders.target.mkdir()
        return source

    return download


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def partial_files(folders):
    """The files of the partial download and their sizes, without the lock."""
    files = [path for path in folders.partial.rglob("*") if path.is_file() and path.name != "lock"]
    return {path.name: path.stat().st_size for path in files}


def test_downloads_one_whole_zip_and_says_all_of_it(kaggle, config, folders, token, capsys):
    source = fetch(config, folders)
    assert dataclasses.asdict(source) == {
        "name": DATASET,
        "version": "2",
        "url": "https://www.kaggle.com/datasets/xhlulu/140k-real-and-fake-faces",
        "licence": "CC0: Public Domain",
        "archive": ARCHIVE,
        "bytes": len(SMALL),
        "sha256": sha256(SMALL),
    }
    assert [file.name for file in folders.target.iterdir()] == [ARCHIVE]
    assert (folders.target / ARCHIVE).read_bytes() == SMALL
    assert not folders.partial.exists()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_asks_for_the_version_it_names(kaggle, config, folders, token):
    fetch(config, folders)
    assert kaggle.calls(DOWNLOAD)[0]["datasetVersionNumber"] == 2


class TestCredentials:
    def test_a_token_may_lie_in_the_home(self, kaggle, config, folders, tmp_path):
        folder = tmp_path / "home" / ".kaggle"
        folder.mkdir(parents=True)
        (folder / "access_token").write_text(TOKEN + "\n")
        fetch(config, folders)
        assert (DESCRIBE, f"Bearer {TOKEN}") in [(path, authorization) for path, _, authorization in kaggle.asked]

    def test_the_older_user_name_and_key_work(self, kaggle, config, folders, tmp_path):
        folder = tmp_path / "home" / ".kaggle"
        folder.mkdir(parents=True)
        (folder / "kaggle.json").write_text(json.dumps({"username": "someone", "key": "key"}))
        (folder / "kaggle.json").chmod(0o600)
        assert fetch(config, folders).version == "2"

    def test_without_any_the_error_says_how_to_get_a_token(self, kaggle, config, folders, capsys):
        with pytest.raises(CredentialsError) as caught:
            fetch(config, folders)
        for part in ("https://www.kaggle.com/settings/api", "Generate New Token", "KAGGLE_API_TOKEN", "~/.kaggle/"):
            assert part in str(caught.value)
        assert capsys.readouterr().out == ""
        assert list(folders.target.iterdir()) == []

    @pytest.mark.parametrize("answer", [(200, {"active": False}), (403, {"code": 403, "message": "no"})])
    def test_an_expired_token_is_a_matter_of_credentials(self, kaggle, config, folders, token, answer):
        kaggle.answers[INTROSPECT] = answer
        with pytest.raises(CredentialsError, match="no valid Kaggle credentials"):
            fetch(config, folders)

    @pytest.mark.parametrize("secret", [TOKEN + "\nX", "token ☃"])
    def test_a_malformed_token_is_not_repeated(self, kaggle, config, folders, monkeypatch, secret):
        monkeypatch.setenv("KAGGLE_API_TOKEN", secret)
        with pytest.raises(CredentialsError, match="the Kaggle token holds characters that no token has") as caught:
            fetch(config, folders)
        assert secret not in str(caught.value)


class TestRefusals:
    @pytest.mark.parametrize("call", [INTROSPECT, DESCRIBE, DOWNLOAD])
    def test_401_is_a_matter_of_credentials(self, kaggle, config, folders, token, call):
        kaggle.answers[call] = (401, {"code": 401, "message": "no"})
        with pytest.raises(CredentialsError, match=rf"refused the credentials for {DATASET} \(HTTP 401\): sign in at"):
            fetch(config, folders)

    @pytest.mark.parametrize("call", [DESCRIBE, DOWNLOAD])
    def test_403_says_where_to_accept_the_rules(self, kaggle, config, folders, token, call):
        kaggle.answers[call] = (403, {"code": 403, "message": "You must accept this data set's rules"})
        page = f"open https://www.kaggle.com/datasets/{DATASET} as the token's user and accept the rules"
        with pytest.raises(CredentialsError, match=rf"access to {DATASET} \(HTTP 403\): {page}"):
            fetch(config, folders)

    def test_404_says_that_there_is_no_such_data_set(self, kaggle, config, folders, token):
        kaggle.answers = {INTROSPECT: kaggle.answers[INTROSPECT]}
        with pytest.raises(DownloadError, match=rf"HTTP 404 for {DATASET}: there is no such data set or version"):
            fetch(config, folders)

    def test_a_data_set_that_is_not_described_is_downloaded_all_the_same(self, kaggle, config, folders, token, caplog):
        del kaggle.answers[DESCRIBE]
        source = fetch(config, folders)
        assert (source.version, source.licence) == ("", "as its page states")
        assert "its current version and licence stay unknown" in caplog.text

    @pytest.mark.parametrize("call", [DESCRIBE, INTROSPECT])
    def test_an_answer_that_is_no_json_is_not_understood(self, kaggle, config, folders, token, call):
        kaggle.answers[call] = (200, b"<html>")
        with pytest.raises(DownloadError, match="incomplete or not understood"):
            fetch(config, folders)


class TestBusyServers:
    @pytest.mark.parametrize("call", [INTROSPECT, DESCRIBE, DOWNLOAD])
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_call_that_fails_in_passing_is_repeated(
        self, kaggle, config, folders, token, slept, caplog, call, status
    ):
        kaggle.answers[call] = [(status, {"code": status, "message": "no"})] * 3 + [kaggle.answers[call]]
        assert fetch(config, folders).sha256 == sha256(SMALL)
        assert slept == [0, 2, 4]
        assert f"Kaggle answered HTTP {status}: trying again in 4 s" in caplog.text

    @pytest.mark.parametrize("call", [INTROSPECT, DESCRIBE, DOWNLOAD])
    def test_a_call_that_keeps_failing_is_named(self, kaggle, config, folders, token, slept, call):
        kaggle.answers[call] = (500, {"code": 500, "message": "no"})
        with pytest.raises(DownloadError, match=rf"HTTP 500 for {DATASET}: try again later"):
            fetch(config, folders)
        assert slept == [0, 2, 4, 8, 16]

    def test_too_many_requests_wait_as_long_as_kaggle_asks(self, kaggle, config, folders, token, slept):
        kaggle.answers[DOWNLOAD] = [
            (429, {"code": 429, "message": "no"}, {"Retry-After": "7"}),
            kaggle.answers[DOWNLOAD],
        ]
        kaggle.failures = [(429, {"Retry-After": "11"})]
        assert fetch(config, folders).sha256 == sha256(SMALL)
        assert slept == [7, 11]

    def test_too_many_requests_in_the_end_say_so(self, kaggle, config, folders, token, slept):
        kaggle.answers[DOWNLOAD] = (429, {"code": 429, "message": "no"}, {"Retry-After": "20"})
        with pytest.raises(DownloadError, match=rf"HTTP 429 for {DATASET}: too many requests"):
            fetch(config, folders)
        assert slept == [20] * 5

    def test_a_wait_that_nobody_would_wait_is_told_and_not_waited(self, kaggle, config, folders, token, slept):
        kaggle.answers[DOWNLOAD] = (429, {"code": 429, "message": "no"}, {"Retry-After": "3600"})
        with pytest.raises(DownloadError, match="Kaggle asks to wait 3600 seconds"):
            fetch(config, folders)
        assert slept == []

    def test_a_wait_that_cannot_be_understood_is_ours_to_choose(self, kaggle, config, folders, token, slept):
        kaggle.failures = [(429, {"Retry-After": "a while"})] * 2
        assert fetch(config, folders).sha256 == sha256(SMALL)
        assert slept == [0, 2]

    def test_no_network_is_a_download_error_without_secrets(self, kaggle, config, folders, token, slept, monkeypatch):
        from kagglesdk import kaggle_env

        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, f"http://127.0.0.1:{port}")
        with pytest.raises(DownloadError, match=r"cannot reach Kaggle .* \(ConnectionError\): check the net") as caught:
            fetch(config, folders)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert slept == [0, 2, 4, 8, 16]
        assert list(folders.target.iterdir()) == []

    def test_a_call_that_is_never_answered_ends(self, kaggle, config, folders, token, monkeypatch, slept):
        monkeypatch.setattr(network, "STALL_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            kaggle.answers[DOWNLOAD] = (302, f"{url}/file.zip")
            with pytest.raises(DownloadError, match=r"cannot reach Kaggle .*(ReadTimeout|ConnectionError)"):
                fetch(config, folders)


class TestCuts:
    @pytest.fixture(autouse=True)
    def large(self, kaggle, token):
        kaggle.content = LARGE

    @pytest.mark.parametrize("resets", [False, True])
    @pytest.mark.parametrize("percent", [10, 50, 99])
    def test_a_cut_connection_is_resumed_in_the_same_run(self, kaggle, config, folders, caplog, percent, resets):
        cut = len(LARGE) * percent // 100
        kaggle.cuts, kaggle.resets = [cut], resets
        caplog.set_level("INFO", "unmask")
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert (folders.target / ARCHIVE).read_bytes() == LARGE
        assert len(kaggle.requests) == 2
        start = int(kaggle.requests[1].removeprefix("bytes=").removesuffix("-"))
        assert cut - 2 * MEGABYTE < start <= cut
        assert kaggle.sent == [cut, len(LARGE) - start]
        assert f"resuming the download at byte {start}" in caplog.text

    @pytest.mark.parametrize("percent", [10, 50, 99])
    def test_a_connection_that_keeps_breaking_is_resumed_by_the_next_run(self, kaggle, config, folders, percent):
        cut = len(LARGE) * percent // 100
        kaggle.cuts = [cut] * 6
        with pytest.raises(DownloadError, match=rf"broke again and again .*: \d+ bytes of {ARCHIVE} .* are kept; run"):
            fetch(config, folders)
        assert list(folders.target.iterdir()) == []
        kept = partial_files(folders)[ARCHIVE]
        assert cut - 2 * MEGABYTE < kept <= cut
        kaggle.requests, kaggle.sent = [], []
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert kaggle.requests == [None, f"bytes={kept}-"]
        assert kaggle.sent[1] == len(LARGE) - kept
        assert not folders.partial.exists()

    def test_a_server_that_knows_no_ranges_sends_all_again(self, kaggle, config, folders):
        kaggle.takes_ranges = False
        kaggle.cuts = [len(LARGE) // 2]
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert kaggle.sent == [len(LARGE) // 2, len(LARGE)]

    @pytest.mark.parametrize("status", [500, 503, 403])
    def test_an_error_in_answer_to_a_resumption_does_not_replace_what_arrived(self, kaggle, config, folders, status):
        # The client alone writes the text of the error over the partial file.
        kept = self.interrupt(kaggle, config, folders)
        kaggle.range_failures = [(status, {})] * 6
        with pytest.raises(
            DownloadError, match=rf"storage answered HTTP {status}: run the command again; what has arr"
        ):
            fetch(config, folders)
        assert partial_files(folders)[ARCHIVE] == kept
        kaggle.range_failures = []
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert kaggle.requests[-1] == f"bytes={kept}-"

    def test_an_error_in_passing_in_answer_to_a_resumption_is_waited_out(self, kaggle, config, folders, slept):
        kept = self.interrupt(kaggle, config, folders)
        slept.clear()
        kaggle.range_failures = [(503, {"Retry-After": "3"}), (429, {"Retry-After": "5"})]
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert slept == [3, 5]
        assert kaggle.sent[-1] == len(LARGE) - kept

    def test_a_range_that_the_storage_does_not_have_is_asked_for_as_a_whole(self, kaggle, config, folders):
        self.interrupt(kaggle, config, folders)
        kaggle.range_failures = [(416, {})]
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert kaggle.requests[-1] is None

    def test_out_of_range_is_no_answer_to_a_request_of_the_whole(self, kaggle, config, folders):
        self.interrupt(kaggle, config, folders)
        kaggle.failures = [None, (416, {}), (416, {})]
        with pytest.raises(DownloadError, match="storage answered HTTP 416"):
            fetch(config, folders)
        assert fetch(config, folders).sha256 == sha256(LARGE)

    def test_bytes_of_another_place_are_refused(self, kaggle, config, folders):
        kept = self.interrupt(kaggle, config, folders)
        kaggle.range_shift = 100
        with pytest.raises(DownloadError, match=rf"sent bytes from {kept + 100} when those from {kept} were asked"):
            fetch(config, folders)
        assert partial_files(folders)[ARCHIVE] == kept

    def test_a_file_that_changed_upstream_is_not_continued(self, kaggle, config, folders):
        self.interrupt(kaggle, config, folders)
        kaggle.content, kaggle.etag = make_zip(12 * MEGABYTE, seed=1), '"second"'
        assert fetch(config, folders).sha256 == sha256(kaggle.content)
        assert kaggle.requests[-1] is None

    def test_a_file_that_changes_during_the_download_is_begun_again(self, kaggle, config, folders):
        kaggle.cuts = [len(LARGE) // 2]
        kaggle.successor = (make_zip(12 * MEGABYTE, seed=1), '"second"')
        assert fetch(config, folders).sha256 == sha256(kaggle.content)

    def test_a_file_that_changes_in_size_during_the_download_is_begun_again_by_the_next_run(
        self, kaggle, config, folders
    ):
        kaggle.cuts = [len(LARGE) // 2]
        kaggle.successor = (make_zip(11 * MEGABYTE, seed=1), '"second"')
        with pytest.raises(DownloadError, match=f"of {ARCHIVE} is not as long as was said: run"):
            fetch(config, folders)
        assert fetch(config, folders).sha256 == sha256(kaggle.content)

    def test_versions_are_never_mixed(self, kaggle, pin, folders):
        kept = self.interrupt(kaggle, pin(version="1"), folders)
        assert kept
        kaggle.requests.clear()
        kaggle.content = make_zip(12 * MEGABYTE, seed=1)  # with the same ETag
        assert fetch(pin(version="2"), folders).sha256 == sha256(kaggle.content)
        assert kaggle.requests == [None]

    def test_what_is_longer_than_the_file_is_begun_again(self, kaggle, config, folders):
        # The client alone takes it for a newer copy.
        folder = self.partial_folder(folders)
        (folder / ARCHIVE).write_bytes(LARGE + b"more")
        assert fetch(config, folders).sha256 == sha256(LARGE)

    def test_what_had_arrived_whole_is_not_downloaded_again(self, kaggle, config, folders, monkeypatch):
        from unmask.data.sources import kaggle as source

        with monkeypatch.context() as killed:
            killed.setattr(source, "describe", lambda *arguments, **options: sys.exit(1))
            with pytest.raises(SystemExit):
                fetch(config, folders)
        kaggle.sent.clear()
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert sum(kaggle.sent) <= BUFFERS

    def test_what_is_as_long_as_the_file_and_part_of_another_is_begun_again(self, kaggle, config, folders):
        # The client alone takes it for a newer copy.
        archive = self.partial_folder(folders) / ARCHIVE
        archive.write_bytes(b"x" * len(LARGE))
        write_json(archive.with_name(f"{ARCHIVE}.kaggle-partial"), {"validator": '"other"', "size": len(LARGE)})
        assert fetch(config, folders).sha256 == sha256(LARGE)

    def test_a_second_process_keeps_away(self, kaggle, config, folders):
        from filelock import FileLock

        folders.partial.mkdir()
        with (
            FileLock(folders.partial / "lock"),
            pytest.raises(DownloadError, match=r"another process is downloading into .*\.partial\.raw"),
        ):
            fetch(config, folders)

    def interrupt(self, kaggle, config, folders):
        """Leaves half a download; returns its size."""
        kaggle.cuts = [len(LARGE) // 2] * 6
        with pytest.raises(DownloadError, match="broke again and again"):
            fetch(config, folders)
        return partial_files(folders)[ARCHIVE]

    def partial_folder(self, folders):
        folder = folders.partial / f"{DATASET.replace('/', '.')}.2"
        folder.mkdir(parents=True)
        return folder


class TestManyFaults:
    @pytest.mark.parametrize(
        "seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 200))]
    )
    def test_any_mixture_of_faults_ends_with_the_same_bytes(self, kaggle, config, folders, token, seed):
        chance = random.Random(seed)
        kaggle.content = LARGE
        for run in range(6):
            kaggle.cuts = [chance.randrange(len(LARGE)) for _ in range(chance.randrange(10))]
            kaggle.resets = chance.random() < 0.5
            kaggle.takes_ranges = chance.random() < 0.9
            kaggle.failures = [chance.choice([None, (chance.choice(FAULTS), {})]) for _ in range(chance.randrange(8))]
            kaggle.range_shift = chance.choice([0, 0, 0, 1])
            if chance.random() < 0.2:  # the file is changed upstream, to one of another size
                kaggle.content, kaggle.etag = make_zip(chance.randrange(1, 13) * MEGABYTE, seed=run), f'"{run}"'
            try:
                source = fetch(config, folders)
            except DownloadError:
                assert list(folders.target.iterdir()) == []
                continue
            assert source.sha256 == sha256(kaggle.content)
            (folders.target / ARCHIVE).unlink()
        kaggle.cuts, kaggle.failures, kaggle.range_shift = [], [], 0
        assert fetch(config, folders).sha256 == sha256(kaggle.content)
        assert not folders.partial.exists()


class TestSlowServers:
    def test_a_slow_server_ends_with_the_same_bytes(self, kaggle, config, folders, token):
        kaggle.piece_bytes, kaggle.pause_seconds = 50, 0.005
        assert fetch(config, folders).sha256 == sha256(SMALL)

    def test_a_server_that_stops_sending_ends_in_an_error_and_keeps_what_arrived(
        self, kaggle, config, folders, token, monkeypatch
    ):
        kaggle.content, kaggle.stop_at = LARGE, 5 * MEGABYTE + 17
        monkeypatch.setattr(network, "STALL_SECONDS", 0.2)
        with pytest.raises(DownloadError, match=rf"broke again and again .*: {5 * MEGABYTE} bytes of {ARCHIVE} have"):
            fetch(config, folders)
        kaggle.resume.set()
        assert fetch(config, folders).sha256 == sha256(LARGE)
        assert kaggle.requests[-1] == f"bytes={5 * MEGABYTE}-"


class TestBadContent:
    @pytest.mark.parametrize(
        "content", [b"<!DOCTYPE html><title>Sign in</title>", SMALL[:-30], b"PK\x03\x04"], ids=["page", "cut", "start"]
    )
    def test_what_is_no_whole_zip_is_refused_and_not_kept(self, kaggle, config, folders, token, content):
        kaggle.content = content
        kind = "a web page" if content.startswith(b"<") else "no zip, or a part of one"
        with pytest.raises(DownloadError, match=f"is no whole zip but {len(content)} bytes of {kind}: run"):
            fetch(config, folders)
        assert list(folders.target.iterdir()) == []
        assert partial_files(folders) == {}
        kaggle.content = SMALL
        assert fetch(config, folders).sha256 == sha256(SMALL)

    def test_a_length_that_promises_too_much_ends_in_an_error(self, kaggle, config, folders, token):
        kaggle.length = len(SMALL) + 100
        with pytest.raises(DownloadError, match=r"broke again and again .*: \d+ bytes of .* have arrived"):
            fetch(config, folders)
        assert list(folders.target.iterdir()) == []

    def test_a_length_that_promises_too_little_cuts_the_zip_and_is_noticed(self, kaggle, config, folders, token):
        kaggle.length = len(SMALL) - 100
        with pytest.raises(DownloadError, match=f"is no whole zip but {len(SMALL) - 100} bytes"):
            fetch(config, folders)
        assert partial_files(folders) == {}

    def test_no_length_at_all_will_do(self, kaggle, config, folders, token):
        kaggle.length = 0
        assert fetch(config, folders).sha256 == sha256(SMALL)

    def test_a_length_that_is_no_number_is_not_understood(self, kaggle, config, folders, token):
        kaggle.length = Length("many")
        with pytest.raises(DownloadError, match="incomplete or not understood"):
            fetch(config, folders)


class TestPins:
    def test_a_zip_that_is_as_pinned_is_taken(self, kaggle, pin, folders, token, caplog):
        caplog.set_level("INFO", "unmask")
        source = fetch(pin(version="2", bytes=len(SMALL), sha256=sha256(SMALL)), folders)
        assert (source.version, source.bytes, source.sha256) == ("2", len(SMALL), sha256(SMALL))
        assert "to pin this zip" not in caplog.text

    def test_a_pinned_version_is_asked_for(self, kaggle, pin, folders, token):
        assert fetch(pin(version="1"), folders).version == "1"
        assert kaggle.calls(DOWNLOAD)[0]["datasetVersionNumber"] == 1

    def test_another_size_is_refused_before_its_first_byte(self, kaggle, pin, folders, token, run):
        run(pin())
        kaggle.sent.clear()
        kaggle.content = LARGE
        difference = f"it has {len(LARGE)} bytes, and not {len(SMALL)}"
        with pytest.raises(DownloadError, match=rf"{DATASET}, version 2, .*params.yaml pins: {difference}") as caught:
            run(pin(bytes=len(SMALL), sha256="0" * 64))
        assert "download.kaggle.bytes" in str(caught.value)
        assert sum(kaggle.sent) <= BUFFERS
        assert partial_files(folders) == {}
        assert (folders.output / ARCHIVE).read_bytes() == SMALL

    def test_another_size_is_refused_where_none_was_announced(self, kaggle, pin, folders, token):
        kaggle.length = 0
        with pytest.raises(DownloadError, match=f"it has {len(SMALL)} bytes, and not 5"):
            fetch(pin(bytes=5), folders)
        assert list(folders.target.iterdir()) == []
        assert partial_files(folders) == {}

    def test_another_content_is_refused_and_not_kept(self, kaggle, pin, folders, token, run):
        run(pin())
        kaggle.content = make_zip(1000, seed=1)
        difference = f"its sha256 is {sha256(kaggle.content)}, and not {sha256(SMALL)}"
        with pytest.raises(DownloadError, match=rf"{DATASET}, version 3, .*params.yaml pins: {difference}"):
            run(pin(version="3", sha256=sha256(SMALL)))
        assert list(folders.target.iterdir()) == []
        assert partial_files(folders) == {}
        assert (folders.output / ARCHIVE).read_bytes() == SMALL

    def test_open_pins_are_told_after_the_first_download(self, kaggle, config, folders, token, caplog):
        caplog.set_level("INFO", "unmask")
        fetch(config, folders)
        assert f'to version: "2", bytes: {len(SMALL)}, sha256: {sha256(SMALL)}' in caplog.text

    def test_a_new_version_is_told_and_not_taken(self, kaggle, config, folders, token, run, caplog):
        first = run(config)
        kaggle.answers[DESCRIBE][1]["currentVersionNumber"] = 3
        assert run(config) == first
        assert [request["datasetVersionNumber"] for request in kaggle.calls(DOWNLOAD)] == [2, 2]
        assert f"version 3 of {DATASET} is out; version 2 is taken" in caplog.text
        assert "set download.kaggle.version to '3'" in caplog.text

    def test_a_new_version_is_taken_when_it_is_asked_for(self, kaggle, pin, token, run):
        run(pin())
        kaggle.answers[DESCRIBE][1]["currentVersionNumber"] = 3
        kaggle.content = LARGE
        source = run(pin(version="3"))
        assert (source.version, source.sha256) == ("3", sha256(LARGE))

    def test_other_bytes_of_the_same_version_are_refused(self, kaggle, config, folders, token, run):
        run(config)
        kaggle.content = make_zip(1000, seed=1)
        difference = f"its sha256 is {sha256(kaggle.content)}, and not {sha256(SMALL)}"
        with pytest.raises(DownloadError, match=rf"source.json of the earlier download records: {difference}"):
            run(config)
        assert (folders.output / ARCHIVE).read_bytes() == SMALL

    def test_another_size_of_the_same_version_is_refused(self, kaggle, config, token, run):
        run(config)
        kaggle.content = LARGE
        with pytest.raises(DownloadError, match=f"records: it has {len(LARGE)} bytes, and not {len(SMALL)}"):
            run(config)

    @pytest.mark.parametrize("keys", [("bytes",), ("sha256",), ("bytes", "sha256")])
    def test_other_bytes_of_the_same_version_are_taken_when_they_are_pinned(self, kaggle, pin, token, run, keys):
        run(pin())
        kaggle.content = LARGE
        pins = {"bytes": len(LARGE), "sha256": sha256(LARGE)}
        assert run(pin(**{key: pins[key] for key in keys})).sha256 == sha256(LARGE)

    def test_what_was_recorded_of_another_data_set_does_not_count(self, kaggle, pin, token, run):
        run(pin(dataset="someone/other"))
        kaggle.content = LARGE
        assert run(pin()).sha256 == sha256(LARGE)

    @pytest.mark.parametrize("keys", [("sha256",), ("version", "bytes", "sha256")])
    def test_pinning_what_is_here_downloads_nothing(self, kaggle, pin, folders, token, run, keys, caplog):
        first = run(pin())
        kaggle.asked.clear()
        caplog.set_level("INFO", "unmask")
        pins = {"version": "2", "bytes": len(SMALL), "sha256": sha256(SMALL)}
        assert run(pin(**{key: pins[key] for key in keys})) == first
        assert (folders.output / ARCHIVE).read_bytes() == SMALL
        assert kaggle.asked == []
        assert "is here already, as pinned" in caplog.text

    def test_a_zip_that_was_damaged_here_is_downloaded_again(self, kaggle, pin, folders, token, run):
        run(pin())
        (folders.output / ARCHIVE).write_bytes(b"damaged")
        run(pin(sha256=sha256(SMALL)))
        assert (folders.output / ARCHIVE).read_bytes() == SMALL


class TestSpace:
    @pytest.fixture
    def free(self, monkeypatch):
        """Sets how many bytes the disk has left."""

        def leave(num_bytes):
            monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 10**12, num_bytes))

        return leave

    def test_a_zip_that_would_not_fit_is_refused_before_its_first_byte(self, kaggle, config, folders, token, free):
        free(len(SMALL) - 1)
        with pytest.raises(StorageError, match=r"no space left in .*: 0 MB are needed and 0 MB are free"):
            fetch(config, folders)
        assert partial_files(folders) == {}

    def test_what_is_here_already_needs_no_space(self, kaggle, config, folders, token, free):
        kaggle.content, kaggle.cuts = LARGE, [len(LARGE) // 2] * 6
        with pytest.raises(DownloadError, match="broke again"):
            fetch(config, folders)
        kept = partial_files(folders)[ARCHIVE]
        free(len(LARGE) - kept - 1)
        with pytest.raises(StorageError, match="no space left"):
            fetch(config, folders)
        free(len(LARGE) - kept)
        assert fetch(config, folders).sha256 == sha256(LARGE)

    def test_the_described_size_counts_where_none_is_announced(self, kaggle, config, folders, token, free):
        kaggle.length = 0
        free(999)  # and 1000 are described
        with pytest.raises(StorageError, match="no space left"):
            fetch(config, folders)


class TestProgress:
    @pytest.fixture(autouse=True)
    def terminal(self, capsys, monkeypatch):
        monkeypatch.setattr(type(sys.stderr), "isatty", lambda stream: True, raising=False)

    def test_a_bar_shows_rate_and_time_left(self, kaggle, config, folders, token, capsys):
        kaggle.content = LARGE
        fetch(config, folders)
        shown = capsys.readouterr().err
        # Such as: 100%|####| 12.0M/12.0M [00:03<00:00, 4.0MB/s]
        assert re.search(r"100%\|.*\| 12\.0M/12\.0M \[\d\d:\d\d<\d\d:\d\d, +[\d.]+[kMG]B/s\]", shown)

    def test_a_bar_goes_on_where_the_earlier_one_stopped(self, kaggle, config, folders, token, capsys):
        kaggle.content, kaggle.cuts = LARGE, [len(LARGE) // 2] * 6
        with pytest.raises(DownloadError, match="broke again"):
            fetch(config, folders)
        capsys.readouterr()
        fetch(config, folders)
        first = capsys.readouterr().err.strip().split("\r")[0]
        assert re.match(r"\d\d%\|.* 6\.00M/12\.0M ", first)


class TestSecrets:
    """See also tests/pipeline/test_kaggle_download.py, which searches all that the stage writes."""

    def test_neither_the_token_nor_a_signed_address_is_shown(self, kaggle, config, folders, token, capfd, caplog):
        caplog.set_level("DEBUG")
        kaggle.content, kaggle.cuts = LARGE, [len(LARGE) // 2] * 6
        kaggle.failures = [(503, {})]
        kaggle.answers[DESCRIBE] = [(500, {"code": 500, "message": TOKEN}), kaggle.answers[DESCRIBE]]
        with pytest.raises(DownloadError, match="broke again") as caught:
            fetch(config, folders)
        shown = capfd.readouterr()
        kept = [path.read_bytes() for path in folders.partial.rglob("*") if path.is_file()]
        for secret in (TOKEN, SIGNATURE):
            assert secret not in shown.out + shown.err + caplog.text + str(caught.value)
            assert not [content for content in kept if secret.encode() in content]

    @pytest.mark.parametrize(
        "answers",
        [
            {INTROSPECT: (401, {"code": 401, "message": TOKEN})},
            {INTROSPECT: (200, TOKEN.encode())},
            {DESCRIBE: (403, {"code": 403, "message": TOKEN})},
            {DOWNLOAD: (404, {"code": 404, "message": TOKEN})},
            {DOWNLOAD: (302, f"http://127.0.0.1:1/file.zip?X-Goog-Signature={SIGNATURE}")},
            {DOWNLOAD: (302, f"nowhere://{SIGNATURE}")},
            {DOWNLOAD: (200, TOKEN.encode())},
        ],
        ids=lambda answers: "-".join(f"{call.split('/')[-1]}-{answer[0]}" for call, answer in answers.items()),
    )
    def test_a_traceback_names_neither(self, kaggle, config, folders, token, caplog, answers):
        kaggle.answers |= answers
        with pytest.raises(DownloadError, match="Kaggle") as caught:
            fetch(config, folders)
        shown = "".join(traceback.format_exception(caught.value)) + caplog.text
        assert "DownloadError" in shown or "CredentialsError" in shown
        assert TOKEN not in shown
        assert SIGNATURE not in shown

    def test_a_loud_client_is_quiet_and_holds_nothing_in_memory(self, kaggle, config, folders, token, monkeypatch):
        from kaggle.api.kaggle_api_extended import KaggleApi

        # As VERBOSE=1 in the environment leaves it: the content would be read whole, to be printed.
        monkeypatch.setattr(KaggleApi, "args", ["--verbose"])
        printed = []
        monkeypatch.setattr("kagglesdk.kaggle_http_client.KaggleHttpClient._print", lambda *text: printed.append(text))
        fetch(config, folders)
        assert printed == []

    def test_other_sessions_are_left_as_they_were(self, kaggle, config, folders, token):
        from requests import Session, sessions
        from requests.adapters import HTTPAdapter

        fetch(config, folders)
        assert sessions.HTTPAdapter is HTTPAdapter
        assert type(Session().get_adapter("https://h")) is HTTPAdapter


class Length(str):
    """A Content-Length that is no number, from which positions can be taken all the same."""

    def __sub__(self, other):
        return self
