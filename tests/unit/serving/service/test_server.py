"""The service as a process: how it starts, how slow clients fare, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from unmask.errors import ServiceError
from unmask.serving.service import server
from unmask.serving.service.settings import Limits

SCRIPT = Path(__file__).parent / "slow_service.py"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service, with its address."""
    command = [sys.executable, str(SCRIPT), "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # the tests' own modules too
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    assert running.stderr is not None
    address = ""
    while not address:
        line = running.stderr.readline()
        assert line, "it ended before it listened"
        address = next(iter(re.findall(r"http://[\d.:]+", line)), "")
    yield running, address
    running.kill()
    running.communicate()


def post(address: str, content: bytes) -> httpx.Response:
    return httpx.post(f"{address}/v1/predict", files=[("files", ("a.png", content))], timeout=60, trust_env=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_is_under_way(process, picture, number):
    running, address = process
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(post(address, picture(9))))
    asking.start()
    time.sleep(0.7)
    running.send_signal(number)
    asking.join()
    assert [answer.status_code for answer in answers] == [200]
    _, log = running.communicate(timeout=30)
    assert running.returncode == 0
    assert "/v1/predict 200" in log
    assert "the service has ended" in log
    assert "Traceback" not in log


def closed_after(connection: socket.socket, *, at_most: float) -> float:
    start = time.monotonic()
    connection.settimeout(at_most)
    assert connection.recv(1000) == b""
    return time.monotonic() - start


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_client_whose_headers_do_not_come_is_cut_off(process, sent):
    _, address = process
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(sent)
        assert closed_after(connection, at_most=20) < 10


def test_also_on_a_further_request(process):
    _, address = process
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 " in connection.recv(4000)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost")
        connection.settimeout(20)
        while connection.recv(4000):
            pass


def test_a_request_that_takes_longer_than_headers_may_is_answered(process, picture):
    assert post(process[1], picture(9)).status_code == 200


def test_a_port_that_is_taken_is_an_error_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ServiceError, match=f"cannot listen on 127.0.0.1, port {port}.*--port"):
            server.run(lambda *_: None, host="127.0.0.1", port=port, limits=Limits())
