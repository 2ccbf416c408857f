"""The API as a program meets it: verdicts, and a clear answer to everything else."""

import asyncio
import base64
import json
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from unmask.serving.service import intake

PREDICT, HEATMAP = "/v1/predict", "/v1/heatmap"
FORM = {"content-type": "multipart/form-data; boundary=b"}


def form(*pictures: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"face {number}.png", content)) for number, content in enumerate(pictures)]


def fault(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["message"], "an error says what is wrong"
    return answer.status_code, error["code"]


def test_a_form_of_pictures_is_judged_in_order(service, picture):
    answer = service().post(PREDICT, files=form(picture(100), picture(120)))
    assert answer.status_code == 200
    body = answer.json()
    # Logits 0 and 2: sigmoid 0.5 and 0.880797; fake from 0.6 on.
    assert [(one["name"], one["verdict"]["label"]) for one in body["pictures"]] == [
        ("face 0.png", "real"),
        ("face 1.png", "fake"),
    ]
    np.testing.assert_allclose([one["verdict"]["score"] for one in body["pictures"]], [0.5, 0.880797], atol=1e-6)
    assert body["model"] == {"name": "brightness", "sha256": "ab" * 32}
    assert "not proof" in body["notice"]


def test_json_with_base64_gives_the_same_verdicts_as_a_form(service, picture):
    client = service()
    content = picture(117)
    pictures = [{"name": "face 0.png", "content": base64.b64encode(content).decode()}]
    as_json = client.post(PREDICT, json={"pictures": pictures})
    assert as_json.status_code == 200
    assert as_json.json() == client.post(PREDICT, files=form(content)).json()


def test_the_verdict_is_the_detectors_own(service, subject, picture):
    content = picture(113, size=(300, 200), kind="JPEG")
    (verdict,) = subject.detector.predict([content])
    said = service().post(PREDICT, files=form(content)).json()["pictures"][0]["verdict"]
    assert (said["score"], said["label"]) == (verdict.score, verdict.label)
    assert said["facts"]["jpeg_quality"] == verdict.facts.jpeg_quality


def test_a_bad_picture_does_not_stop_the_others(service, picture):
    body = service().post(PREDICT, files=form(b"GIF89a", picture(120))).json()
    assert body["pictures"][0]["verdict"] is None
    assert "not a JPEG, PNG or WebP" in body["pictures"][0]["error"] or body["pictures"][0]["error"]
    assert body["pictures"][1]["verdict"]["label"] == "fake"


def test_where_no_picture_can_be_judged_each_reason_is_given(service, picture):
    answer = service().post(PREDICT, files=form(b"", picture(50)[:60]))
    assert fault(answer) == (422, "no_verdict")
    assert [bool(one["error"]) for one in answer.json()["pictures"]] == [True, True]


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(service, picture):
    answer = service(picture_pixels=10_000).post(PREDICT, files=form(picture(9, size=(101, 100))))
    assert fault(answer) == (422, "no_verdict")
    assert answer.json()["error"]["message"] == "101x100 is more than the 10000 pixels allowed"


def test_too_large_a_picture_is_refused(service, picture):
    answer = service(picture_bytes=1000).post(PREDICT, files=form(b"a" * 1001))
    assert fault(answer) == (413, "too_large")
    assert "1,001 bytes" in answer.json()["error"]["message"]


def test_too_many_pictures_are_refused(service, picture):
    client = service(pictures=2)
    assert fault(client.post(PREDICT, files=form(*[picture(9)] * 3))) == (413, "too_large")
    assert fault(client.post(PREDICT, files=form(*[picture(9)] * 4))) == (413, "too_large")
    encoded = base64.b64encode(picture(9)).decode()
    assert fault(client.post(PREDICT, json={"pictures": [{"content": encoded}] * 3})) == (413, "too_large")
    assert client.post(PREDICT, files=form(*[picture(9)] * 2)).status_code == 200


def test_a_request_that_says_it_is_too_large_is_refused_unread(service):
    pulled: list[int] = []

    def body() -> Iterator[bytes]:
        pulled.append(1)
        yield b"a" * 10

    answer = service(request_bytes=1000).post(PREDICT, content=body(), headers={**FORM, "content-length": "1001"})
    assert fault(answer) == (413, "too_large")


@pytest.mark.parametrize("kind", [FORM, {"content-type": "application/json"}])
def test_a_chunked_request_is_refused_once_it_is_too_large(service, monkeypatch, kind):
    counted: list[int] = []
    real = intake.Held.add
    monkeypatch.setattr(intake.Held, "add", lambda held, count: (counted.append(count), real(held, count))[1])
    start = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield start
        for _ in range(50):
            yield b"a" * 100

    answer = service(request_bytes=1000).post(PREDICT, content=body(), headers=kind)
    assert fault(answer) == (413, "too_large")
    assert sum(counted) <= 1000


def test_a_slow_request_is_given_up(service, finished):
    app = service(receive_seconds=1).app
    sent: list[dict] = []

    async def receive() -> dict:
        await asyncio.sleep(60)
        return {}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"host", b"a")]
    scope = {"type": "http", "method": "POST", "path": PREDICT, "raw_path": PREDICT.encode(), "headers": headers}
    scope |= {"query_string": b"", "root_path": "", "scheme": "http", "server": ("a", 80), "http_version": "1.1"}
    start = time.monotonic()
    finished(app(scope, receive, send))
    assert time.monotonic() - start < 10
    assert sent[0]["status"] == 408


def test_more_bytes_than_may_be_held_are_refused_for_now(service, picture):
    client = service(held_bytes=2_000, request_bytes=2_000)
    answer = client.post(PREDICT, files=form(b"a" * 1_500))
    assert fault(answer) == (422, "no_verdict"), "what was held is let go"
    held = intake.Held(1_000)
    held.add(600)
    with pytest.raises(Exception, match="too many pictures"):
        held.add(401)
    held.add(400)


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"", None, (415, "media_type")),
        (b"a", {"content-type": "image/png"}, (415, "media_type")),
        (b"a", {"content-type": "multipart/form-data"}, (422, "not_understood")),
        (b"rubbish", FORM, (422, "not_understood")),
        (b"--b--\r\n", FORM, (422, "not_understood")),
        (b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\na\r\n--b--\r\n', FORM, (422, "not_understood")),
        (
            b'--b\r\nContent-Disposition: form-data; name="url"; filename="a"\r\n\r\na\r\n--b--\r\n',
            FORM,
            (422, "not_understood"),
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\na\r\n--b--\r\n',
            {"content-type": FORM["content-type"] + "; charset=undefined"},
            (422, "not_understood"),
        ),
        (b"{", {"content-type": "application/json"}, (422, "not_understood")),
        (b"[]", {"content-type": "application/json"}, (422, "not_understood")),
        (b'{"pictures": []}', {"content-type": "application/json"}, (422, "not_understood")),
        (b'{"pictures": [{"content": "?"}]}', {"content-type": "application/json"}, (422, "not_understood")),
        (b'{"pictures": [{"content": "\xc3\xa9"}]}', {"content-type": "application/json"}, (422, "not_understood")),
        (b'{"pictures": [{"url": "http://a"}]}', {"content-type": "application/json"}, (422, "not_understood")),
    ],
)
def test_what_is_not_understood_is_said(service, content, kind, expected):
    assert fault(service().post(PREDICT, content=content, headers=kind)) == expected


@pytest.mark.parametrize("value", [b"{}", b"1", b"[]"])
def test_json_of_very_many_values_is_refused_before_it_is_read(service, monkeypatch, value):
    """Six megabytes of it took two gigabytes, and the service answered nobody meanwhile."""
    read: list[object] = []
    monkeypatch.setattr(intake.PredictRequest, "model_validate_json", read.append)
    content = b'{"pictures": [' + (value + b",") * 20_000 + value + b"]}"
    answer = service().post(PREDICT, content=content, headers={"content-type": "application/json"})
    assert fault(answer) == (422, "not_understood")
    assert not read


@pytest.mark.parametrize("name", ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "../../etc/passwd"])
def test_no_path_or_address_is_followed(service, monkeypatch, name):
    client = service()
    opened: list[object] = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path))
    text = base64.b64encode(name.encode()).decode()
    assert fault(client.post(PREDICT, json={"pictures": [{"content": text, "name": name}]})) == (422, "no_verdict")
    assert fault(client.post(PREDICT, files=[("files", (name, name.encode()))])) == (422, "no_verdict")
    assert not opened


def waiting_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def taken(client: TestClient) -> float:
    (line,) = [line for line in client.get("/metrics").text.splitlines() if line.startswith("unmask_pictures_taken ")]
    return float(line.split()[1])


def test_beyond_the_queue_a_request_is_refused_for_now(service, engine, picture):
    client = service(workers=1, queue=2, pictures=2)
    engine.gate.clear()
    answers: list[httpx.Response] = []
    asking = [
        threading.Thread(target=lambda n=n: answers.append(client.post(PREDICT, files=form(*[picture(120)] * n))))
        for n in (1, 2)
    ]
    for thread in asking:
        thread.start()
    waiting_for(lambda: taken(client) == 3)
    refused = client.post(PREDICT, files=form(picture(120)))
    assert fault(refused) == (429, "busy")
    assert int(refused.headers["retry-after"]) >= 1
    engine.gate.set()
    for thread in asking:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert client.post(PREDICT, files=form(picture(120))).status_code == 200
    assert taken(client) == 0


def test_a_verdict_that_takes_too_long_is_given_up_and_a_stuck_service_says_so(service, engine, picture):
    client = service(workers=1, judge_seconds=1)
    engine.gate.clear()
    answer = client.post(PREDICT, files=form(picture(120), picture(120)))
    assert fault(answer) == (503, "too_long")
    assert "retry-after" in answer.headers
    assert fault(client.get("/healthz")) == (503, "stuck")
    assert taken(client) == 1, "the second was taken off the queue, the first still has its worker"
    engine.gate.set()
    waiting_for(lambda: taken(client) == 0)
    assert client.get("/healthz").json() == {"status": "ok"}


def test_pictures_are_judged_by_all_workers(service, engine, picture):
    client = service(workers=2)
    engine.gate.clear()
    asking = threading.Thread(target=lambda: client.post(PREDICT, files=form(*[picture(120)] * 4)))
    asking.start()
    waiting_for(lambda: engine.threads == {"judge-0", "judge-1"})
    engine.gate.set()
    asking.join()


def test_with_keys_only_who_has_one_may_judge(service, picture):
    client = service(keys=("a-long-enough-key-1", "a-long-enough-key-2"))
    files = form(picture(120))
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "a-long-enough-key-"}, {"X-API-Key": "a-long-enough-key-11"}):
        for route in (PREDICT, HEATMAP):
            assert fault(client.post(route, files=files, headers=headers)) == (401, "key")
    for key in ("a-long-enough-key-1", "a-long-enough-key-2"):
        assert client.post(PREDICT, files=files, headers={"X-API-Key": key}).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/v1/model").json()["needs_key"] is True


def test_without_a_key_the_body_is_not_read(service):
    answer = service(keys=("a-long-enough-key-1",), request_bytes=10).post(PREDICT, files=form(b"a" * 100))
    assert fault(answer) == (401, "key")


def test_another_sites_page_may_not_ask(service, picture):
    answer = service().post(PREDICT, files=form(picture(120)), headers={"Sec-Fetch-Site": "cross-site"})
    assert fault(answer) == (403, "cross_site")


@pytest.mark.parametrize(
    ("origin", "status"), [("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:7860", 200)]
)
def test_where_a_browser_says_no_site_its_origin_must_be_the_services(service, picture, origin, status):
    answer = service().post(PREDICT, files=form(picture(120)), headers={"Origin": origin})
    assert answer.status_code == status


def test_a_large_upload_stays_in_memory(service, monkeypatch, tmp_path):
    rolled: list[object] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: rolled.append(file))
    content = b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(5_000_000)
    assert fault(service().post(PREDICT, files=form(content))) == (422, "no_verdict")
    assert not rolled
    assert not list(tmp_path.iterdir())


def test_starlettes_own_parser_would_write_it_to_disk(monkeypatch, service, tmp_path):
    """The test above can fail."""
    rolled: list[object] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: rolled.append(file))
    monkeypatch.setattr(intake.MemoryParser, "spool_max_size", intake.MultiPartParser.spool_max_size)
    service().post(PREDICT, files=form(b"a" * 5_000_000))
    assert rolled


def test_the_model_tells_what_it_learnt_from(service):
    about = service().get("/v1/model").json()
    assert about["training"]["data"]["name"] == "drawn"
    assert about["warnings"] == ["of <b>photographs</b> it knows nothing"]
    assert (about["needs_key"], about["has_heatmaps"]) == (False, False)
    assert (about["pictures"], about["picture_bytes"]) == (16, 20_000_000)


def test_a_service_without_the_keras_file_says_that_it_has_no_heatmaps(service, picture):
    assert fault(service().post(HEATMAP, files=form(picture(120)))) == (404, "no_heatmaps")


def test_a_heatmap_is_of_one_picture(service, picture):
    assert fault(service().post(HEATMAP, files=form(picture(9), picture(9)))) == (422, "not_understood")


def test_a_model_that_gives_no_number_is_a_fault_that_is_not_explained_to_strangers(service, engine, picture, caplog):
    client = service()
    engine.answers = lambda pictures: iter([type("Answer", (), {"logit": float("nan"), "embedding": ()})()])
    quiet = TestClient(client.app, raise_server_exceptions=False)
    with caplog.at_level(logging.ERROR, logger="unmask"):
        answer = quiet.post(PREDICT, files=form(picture(120)))
    assert fault(answer) == (500, "fault")
    assert "diverged" not in answer.text
    assert "diverged" in caplog.text


def test_metrics_count_verdicts_and_refusals(service, picture):
    client = service()
    client.post(PREDICT, files=form(picture(120), picture(90), b"rubbish"))
    client.post(PREDICT, content=b"")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'unmask_pictures_total{verdict="fake"} 1.0',
        'unmask_pictures_total{verdict="real"} 1.0',
        'unmask_pictures_total{verdict="refused"} 1.0',
        'unmask_requests_total{route="/v1/predict",status="200"} 1.0',
        'unmask_requests_total{route="/v1/predict",status="415"} 1.0',
        "unmask_held_bytes 0.0",
        "unmask_score_count 2.0",
    ):
        assert line in answer.text.splitlines()


def test_a_strangers_path_is_neither_counted_nor_logged(service, caplog):
    client = service()
    with caplog.at_level(logging.DEBUG, logger="unmask"):
        client.get("/secret-path?secret=1")
    assert "secret" not in client.get("/metrics").text
    assert "secret" not in caplog.text


def test_the_log_holds_neither_names_nor_pictures(service, picture, caplog):
    client = service()
    content = picture(120)
    with caplog.at_level(logging.DEBUG):
        client.post(PREDICT, files=[("files", ("my-secret-face.png", content))])
        text = base64.b64encode(content).decode()
        client.post(PREDICT, json={"pictures": [{"content": text, "name": "my-secret-face"}]})
        client.post(PREDICT, json={"pictures": [{"content": "?", "name": "my-secret-face"}]})
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("unmask"))
    assert "/v1/predict 200" in logged
    assert "/v1/predict 422" in logged
    assert "secret" not in logged
    assert text[:40] not in logged


def test_a_name_comes_back_without_control_characters_and_not_endless(service, picture):
    encoded = base64.b64encode(picture(120)).decode()
    pictures = [{"content": encoded, "name": "a\x00\nb" + "c" * 500}, {"content": encoded}]
    names = [one["name"] for one in service().post(PREDICT, json={"pictures": pictures}).json()["pictures"]]
    assert names[0].startswith("abccc")
    assert len(names[0]) <= 200
    assert names[1] == "picture 2"


@pytest.mark.parametrize("folder", ["/assets/", "/static/", "/page/"])
@pytest.mark.parametrize(
    "name", ["", "nothing.js", "fonts", "%00", "%ff%fe", "/etc/passwd", "a" * 300, "a/" * 500 + "a"]
)
def test_a_file_of_the_page_that_is_not_there_is_told_as_the_api_does(service, folder, name):
    assert fault(service().get(folder + name)) == (404, "not_found")


def test_errors_are_json_also_off_the_routes(service):
    client = service()
    assert fault(client.get("/nowhere")) == (404, "not_found")
    wrong = client.get(PREDICT)
    assert fault(wrong) == (405, "method")
    assert wrong.headers["allow"] == "POST"
    assert json.loads(client.request("TRACE", "/healthz").text)["error"]["code"] == "method"
