"""The command line as a person meets it: in a process of its own."""

import csv
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from small_bundle import COMMAND, MODEL_SHA256, make_bundle

ROOT = Path(__file__).parents[2]

WRITE_MODEL = """
import json, sys, keras
from pathlib import Path
from PIL import Image
from unmask.artifacts import sha256_of_file
model, report, compare = Path("models/cnn"), Path("reports/evaluate/cnn"), Path("reports/compare")
for folder in (model, report, compare):
    folder.mkdir(parents=True)
pictures = keras.Input((16, 16, 3))
network = keras.Model(pictures, keras.layers.Dense(1, kernel_initializer="zeros")(keras.layers.Flatten()(pictures)))
network.save(model / "model.keras")
(model / "history.csv").write_text("epoch,loss\\n0,0.5\\n")
preprocess = {"image_size": 16, "fit": "resize", "resample": "box"}
training = {"preprocess": preprocess, "image_size": 16, "parameters": {"recipe.epochs": 1}, "data_sha256": "d" * 64}
(model / "training.json").write_text(json.dumps(training))
line = {"slope": 1.0, "intercept": 0.0}
metrics = {"threshold": 0.4, "confidence": 0.95, "calibration": line, "test": {"accuracy_score": {"value": 0.9}}}
metrics["model_sha256"] = sha256_of_file(model / "model.keras")
(report / "metrics.json").write_text(json.dumps(metrics))
champion = {"model": "cnn", "model_sha256": metrics["model_sha256"]}
(compare / "champion.json").write_text(json.dumps(champion))
Image.new("RGB", (20, 20), (9, 9, 9)).save("face [1].png")
Image.new("RGB", (20, 20), (120, 120, 120)).save("grey.png")
Path("faces").mkdir()
for number in range(8):
    Image.new("RGB", (20, 20), (9, 20 * number, 9)).save(f"faces/{number}.png")
"""

CHECK_LEFT_HALF = """
from dataclasses import replace
import keras
from unmask import cli
from unmask.serving import locate
from unmask.serving.engines.network import Network
images = keras.Input((16, 16, 3))
left = keras.ops.mean(images[:, :, :8], axis=(1, 2)) - keras.ops.mean(images[:, :, 8:], axis=(1, 2))
network = keras.Model(images, left[:, :1])
found = locate.locate
locate.locate = lambda *names, **folders: replace(found(*names, **folders), engine=Network(network))
import sys
sys.argv = ["unmask", "check", "cnn", "--pictures", "halves"]
cli.main()
"""


def unmask(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line; the machine's own settings of DVC and MLflow are left out."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "MLFLOW_"))}
    command = [sys.executable, "-c", "from unmask.cli import main; main()", *arguments]
    environment = {**kept, "COLUMNS": "100", **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(ROOT / "params.yaml", folder / "params.yaml")
    subprocess.run([sys.executable, "-c", WRITE_MODEL], cwd=folder, check=True, capture_output=True)
    make_bundle(folder / "bundles" / "cnn")
    return folder


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    result = unmask("--help", folder=tmp_path)
    assert result.returncode == 0
    assert all(
        command in result.stdout for command in ("profile", "track", "trace", "predict", "check", "export", "ui")
    )
    code = (
        "import sys; from unmask import cli\n"
        "sys.exit(', '.join({'tensorflow', 'keras', 'mlflow', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert heavy.stderr.strip() == ""


def test_a_profile_is_copied_over_params(checkout: Path) -> None:
    shutil.copy(checkout / "profiles" / "paper.yaml", checkout / "params.yaml")
    result = unmask("profile", "sample", folder=checkout)
    assert (result.returncode, result.stderr) == (0, "")
    assert (checkout / "params.yaml").read_bytes() == (checkout / "profiles" / "sample.yaml").read_bytes()


def test_edits_that_nothing_else_holds_are_replaced_only_by_force(checkout: Path) -> None:
    parameters, sample = checkout / "params.yaml", (checkout / "profiles" / "sample.yaml").read_bytes()
    parameters.write_text("old: 1\n")
    result = unmask("profile", "sample", folder=checkout)
    assert result.returncode == 1
    assert "params.yaml has edits that are not committed: commit them, or add --force" in result.stderr
    assert parameters.read_text() == "old: 1\n"
    assert unmask("profile", "sample", "--force", folder=checkout).returncode == 0
    assert parameters.read_bytes() == sample


def test_committed_edits_are_replaced(checkout: Path) -> None:
    (checkout / "params.yaml").write_text("old: 1\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "params.yaml"), (*identity, "commit", "-q", "-m", "own")):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    assert unmask("profile", "sample", folder=checkout).returncode == 0


def test_an_unknown_profile_lists_what_there_is(checkout: Path) -> None:
    result = unmask("profile", "../sample", folder=checkout)
    assert result.returncode == 1
    assert "unknown profile '../sample'; there are: " in result.stderr
    assert "sample" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_profile_that_is_not_valid_leaves_params_alone(checkout: Path) -> None:
    (checkout / "profiles" / "bad.yaml").write_text((checkout / "params.yaml").read_text().replace("seed: 7", "sed: 7"))
    before = (checkout / "params.yaml").read_bytes()
    result = unmask("profile", "bad", folder=checkout)
    assert result.returncode == 1
    assert "sed: unknown key" in result.stderr
    assert (checkout / "params.yaml").read_bytes() == before


def test_profiles_are_listed_with_what_they_are(checkout: Path) -> None:
    result = unmask("profile", folder=checkout)
    assert result.returncode == 0
    assert "sample" in result.stdout
    assert "drawn faces" in result.stdout


def test_debug_shows_the_traceback_wherever_it_stands(checkout: Path) -> None:
    for arguments in (("--debug", "profile", "nope"), ("profile", "nope", "--debug")):
        result = unmask(*arguments, folder=checkout)
        assert result.returncode == 1
        assert "Traceback" in result.stderr


def test_predict_answers_in_json(trained: Path) -> None:
    result = unmask("predict", "grey.png", "--json", folder=trained)
    assert (result.returncode, result.stderr) == (1, "")
    (verdict,) = json.loads(result.stdout)
    # The mean of all pixels is 120: logit 2.
    assert (verdict["image"], verdict["label"], round(verdict["score"], 6)) == ("grey.png", "fake", 0.880797)
    assert (verdict["model"], verdict["model_sha256"], verdict["threshold"]) == ("cnn", MODEL_SHA256, 0.6)
    assert verdict["is_clear"] is False  # no test picture had such a score
    assert verdict["facts"] == {"width": 20, "height": 20, "jpeg_quality": None, "brightness": pytest.approx(120)}


def test_predict_answers_in_a_table(trained: Path) -> None:
    result = unmask("predict", "face [1].png", "--model", "cnn", folder=trained, COLUMNS="140")
    assert result.returncode == 0
    row = next(line for line in result.stdout.splitlines() if "face [1].png" in line)
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells[:3] == ["face [1].png", "real, unsure", "0.000"]


def test_predict_answers_in_csv(trained: Path) -> None:
    result = unmask("predict", "grey.png", "absent.png", "--csv", folder=trained)
    assert result.returncode == 2
    first, second = csv.DictReader(io.StringIO(result.stdout))
    assert (first["image"], first["label"], first["score"], first["error"]) == ("grey.png", "fake", "0.880797", "")
    assert (second["label"], second["error"]) == ("", "No such file or directory")


@pytest.mark.parametrize(
    ("names", "status"),
    [(["face [1].png"], 0), (["face [1].png", "grey.png"], 1), (["grey.png", "params.yaml"], 2), (["faces"], 0)],
)
def test_predicts_exit_status_tells_real_fake_and_error_apart(trained: Path, names: list[str], status: int) -> None:
    assert unmask("predict", *names, folder=trained).returncode == status


def test_a_bad_picture_does_not_stop_the_rest(trained: Path) -> None:
    result = unmask("predict", "params.yaml", "grey.png", folder=trained, COLUMNS="140")
    lines = [line.strip("│ ").split("│")[0].strip() for line in result.stdout.splitlines()]
    at = lines.index("params.yaml")
    assert lines[at + 1 : at + 3] == ["not a JPEG, PNG, WEBP image", "grey.png"]
    assert "0.881" in result.stdout
    assert result.stderr == ""


def test_heatmaps_need_the_network_of_keras(trained: Path) -> None:
    result = unmask("predict", "grey.png", "--heatmap", "reasons", folder=trained)
    assert (result.returncode, result.stdout) == (2, "")
    assert "bundles/cnn has no model.keras: it was exported without" in result.stderr


def test_a_name_that_cannot_be_one_does_not_stop_the_rest(trained: Path) -> None:
    names = ("x" * 300, "grey.png", "http://a..b/face.png", "http://[::1")
    result = unmask("predict", *names, "--allow-urls", "--json", folder=trained)
    assert (result.returncode, result.stderr) == (2, "")
    too_long, judged, *addresses = json.loads(result.stdout)
    assert too_long["error"] == "File name too long"
    assert judged["label"] == "fake"
    assert all("error" in answer for answer in addresses)


@pytest.mark.parametrize("form", ["--json", "--csv", "--engine=openvino"])
def test_a_name_that_is_no_text_is_written_all_the_same(trained: Path, tmp_path: Path, form: str) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.png")).symlink_to(trained / "face [1].png")
    result = unmask("predict", str(tmp_path), form, folder=trained, PYTHONIOENCODING="utf-8:strict", COLUMNS="300")
    assert (result.returncode, result.stderr) == (0, "")
    assert "caf\\udce9.png" in result.stdout


def test_predict_whose_reader_has_seen_enough_calls_nothing_fake(trained: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run([*COMMAND, "predict", "face [1].png"], cwd=trained, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (result.returncode, result.stderr) == (2, b"")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("vit", "there is no model 'vit': bundles/ has cnn. Run `dvc repro` or `dvc pull` in the checkout's root"),
        ("models/cnn/model.keras", "models/cnn/model.keras is no exported detector"),
    ],
)
def test_predict_says_what_is_wrong_in_one_message(trained: Path, model: str, message: str) -> None:
    result = unmask("predict", "grey.png", "--model", model, folder=trained)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_exported_file_predicts_like_its_model(trained: Path, tmp_path: Path) -> None:
    file = tmp_path / "faces.keras"
    result = unmask("export", "champion", str(file), folder=trained)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == ["cnn", "is", "now", "in", str(file)]
    answer = json.loads(unmask("predict", "grey.png", "--json", "--model", str(file), folder=trained).stdout)
    # All weights are 0, so the logit is 0 and the score 0.5, above the threshold of 0.4.
    assert (answer[0]["label"], answer[0]["score"], answer[0]["threshold"]) == ("fake", 0.5, 0.4)
    table = unmask("predict", "grey.png", "--model", str(file), folder=trained).stdout
    assert "0.500" in table
    assert "alike" not in table  # such a file does not have the test split's scores
    both = unmask("predict", "grey.png", "--json", "--csv", "--model", str(file), folder=trained)
    assert (both.returncode, both.stdout) == (2, "")


def test_check_shows_what_it_found_in_a_table(trained: Path) -> None:
    result = unmask("check", "cnn", "--pictures", "faces", folder=trained, COLUMNS="160")
    assert result.returncode == 0
    lines = [[cell.strip() for cell in line.split("│")] for line in result.stderr.splitlines()]
    rows = {cells[1]: cells[-2] for cells in lines if len(cells) > 5}
    passed = [name for name, outcome in rows.items() if outcome == "passed"]
    assert passed == ["flip", "imperceptible", "lossless", "batch", "same_pixels", "file_size"]
    assert rows["stored_scores"].startswith("left out: the pictures are")


def test_check_fails_a_detector_that_looks_at_the_left_half(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    (tmp_path / "halves").mkdir()
    for number in range(8):
        halves = Image.new("RGB", (20, 20), (9, 9, 9))
        halves.paste((200 + number, 9, 9), (0, 0, 10, 20))
        halves.save(tmp_path / "halves" / f"{number}.png")
    result = subprocess.run(
        [sys.executable, "-c", CHECK_LEFT_HALF], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 1
    assert "FAILED" in result.stderr
    assert result.stderr.strip().splitlines()[-1] == "error: cnn fails 1 of 7 checks: flip"


def test_check_without_pictures_says_how_to_give_some(trained: Path) -> None:
    result = unmask("check", "cnn", folder=trained)
    assert result.returncode == 1
    assert "there is no data/raw to take pictures from: run `dvc repro`, or give --pictures FOLDER" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_track_writes_what_is_missing_once(trained: Path) -> None:
    first = unmask("track", folder=trained)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[:2] == ["cnn: training", "cnn: evaluation"]
    assert (trained / "mlruns" / "mlflow.db").exists()
    second = unmask("track", folder=trained)
    assert second.stdout.splitlines()[0] == "nothing was missing"


def test_track_shows_what_is_logged_while_it_works(trained: Path) -> None:
    code = (
        "import logging, sys; from unmask import cli; from unmask.tracking import restoring\n"
        "restoring.track = lambda *_, **__: logging.getLogger('unmask.tracking').warning('slow store') or []\n"
        "sys.argv = ['unmask', 'track']; cli.main()"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=trained, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0
    assert "WARNING slow store" in result.stderr


def test_track_on_a_dead_store_is_an_error_without_credentials(trained: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    started = time.monotonic()
    result = unmask("track", folder=trained, MLFLOW_TRACKING_URI=f"http://ann:secret@127.0.0.1:{port}")
    assert result.returncode == 1
    assert f"cannot write to MLflow's store http://***@127.0.0.1:{port}: Connection refused" in result.stderr
    assert "secret" not in result.stdout + result.stderr
    assert time.monotonic() - started < 60


def test_track_without_models_says_what_to_run(checkout: Path) -> None:
    result = unmask("track", folder=checkout)
    assert result.returncode == 0
    assert "Run dvc repro, or dvc pull." in result.stdout
    assert not (checkout / "mlruns").exists()


def test_the_page_refuses_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = unmask("ui", "--port", str(port), folder=tmp_path)
    assert result.returncode == 1
    assert f"port {port} is taken" in result.stderr
    assert result.stdout == ""


def test_the_page_says_why_its_store_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = unmask("ui", "--port", str(port), folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "mlflow.db: File exists" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_page_is_not_offered_for_another_machines_store(tmp_path: Path) -> None:
    result = unmask("ui", folder=tmp_path, MLFLOW_TRACKING_URI="https://ann:secret@mlflow.example.org")
    assert result.returncode == 1
    assert "https://***@mlflow.example.org, which is not a local file" in result.stderr
