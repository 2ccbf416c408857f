"""What the page's address gives, and what of Gradio it does not."""

import re

import pytest

from unmask.serving.service.page import without_front_matter

GRADIO = [
    ("POST", "/gradio_api/upload"),
    ("POST", "/upload"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("GET", "/file=/etc/passwd"),
    ("GET", "/gradio_api/file/etc/passwd"),
    ("GET", "/gradio_api/proxy=http://127.0.0.1:1/"),
    ("GET", "/proxy=http://127.0.0.1:1/"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/run/predict"),
    ("POST", "/gradio_api/call/predict"),
    ("GET", "/gradio_api/startup-events"),
    ("GET", "/gradio_api/info"),
    ("GET", "/config"),
    ("GET", "/monitoring"),
    ("GET", "/gradio_api/heartbeat/a"),
    ("GET", "/gradio_api/deep_link"),
    ("POST", "/gradio_api/vibe-edit"),
    ("POST", "/gradio_api/component_server"),
    ("GET", "/assets/../../../../../../etc/passwd"),
    ("GET", "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
    ("GET", "/static/%2e%2e%2f%2e%2e%2froutes.py"),
    ("GET", "/page/%2e%2e%2fpage.py"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
]


def test_gradios_routes_are_shut(service):
    client = service()
    assert [
        (path, status) for method, path in GRADIO if (status := client.request(method, path).status_code) != 404
    ] == []


def test_without_the_gate_gradios_routes_would_answer(service):
    """The test above can fail: these are the routes that this Gradio has."""
    client = service()
    gradio = client.app.app.app.app.app  # below the log, the headers, the numbers and the gate
    inner = type(client)(gradio, base_url="http://127.0.0.1:7860")
    assert inner.get("/config").status_code == 200
    assert inner.post("/gradio_api/upload", files={"files": ("a.txt", b"a")}).status_code == 200
    assert inner.get("/gradio_api/startup-events").status_code == 200


def test_the_page_can_only_be_read(service):
    client = service()
    assert client.get("/").status_code == 200
    assert client.post("/").status_code == 405


@pytest.mark.parametrize("path", ["/", "/v1/model", "/nowhere", "/page/page.js", "/metrics"])
def test_every_answer_has_security_headers(service, path):
    headers = service().get(path, headers={"Origin": "http://elsewhere.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_the_pages_scripts_carry_a_number_that_changes(service):
    client = service()
    numbers = []
    for _ in range(2):
        answer = client.get("/")
        (number,) = re.findall(r"script-src 'self' 'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert answer.text.count("<script") == answer.text.count(f'<script nonce="{number}"') > 1
        numbers.append(number)
    assert numbers[0] != numbers[1]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"].split("style-src")[0]


def test_the_page_loads_nothing_from_elsewhere(service):
    text = service().get("/").text
    tags = re.findall(r"<(?:script|link|img|meta)[^>]*>", text)
    assert tags
    assert not [tag for tag in tags if "://" in tag]
    assert "fonts.googleapis" not in text


def test_what_the_bundle_says_is_escaped(service):
    text = service().get("/").text
    assert "photographs" in text
    assert "<b>photographs</b>" not in text
    assert "\\u003cb\\u003ephotographs" not in text


def test_examples_are_served_from_memory(service, subject):
    answer = service().get("/page/example-0.jpg")
    assert answer.content == subject.examples[0].content
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_card_is_shown_without_its_front_matter():
    assert without_front_matter("---\na: 1\n---\n\n# Card\n\n## Part\n") == "\n## Card\n\n### Part\n"
    assert without_front_matter("# Card\n") == "## Card\n"
