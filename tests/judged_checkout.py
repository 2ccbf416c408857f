"""A checkout with judged models, made up but for their networks, which call bright pictures fake."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from PIL import Image

from unmask import config
from unmask.artifacts import sha256_of_file
from unmask.config import Config
from unmask.environment import Environment
from unmask.promotion.challenger import Challenger

ROOT = Path(__file__).parents[1]
SIZE, IMAGES = 16, 120
PREPROCESS = {"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0}
HISTORY = "epoch,phase,loss,accuracy\n0,all,0.7,0.5\n"


@dataclass(frozen=True)
class Checkout:
    """Where models are made up.

    Attributes:
        root: the checkout.
        environment: its surroundings; the store is SQLite in `root`.
        parameters: the sample's, whose gates good models pass.
    """

    root: Path
    environment: Environment
    parameters: Config

    def challenger(self, name: str, *, skill: float = 3.0, slope: float = 0.1, test: str = "a") -> Challenger:
        """Makes a model up.

        Args:
            name: its folder's.
            skill: by how many standard deviations it scores fakes above reals.
            slope: of its network, from brightness to logit; makes its file another.
            test: a letter: which test images it was judged on.
        """
        made = Challenger(self.root, name)
        self.write_model(made, slope=slope)
        self.write_report(made, skill=skill, test=test)
        return made

    def write_model(self, made: Challenger, *, slope: float) -> None:
        made.model_folder.mkdir(parents=True, exist_ok=True)
        pictures = keras.Input((SIZE, SIZE, 3))
        logits = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(pictures))
        network = keras.Model(pictures, logits)
        network.layers[-1].set_weights([np.full((3, 1), slope / 3), np.array([-slope * 128])])
        network.save(made.model_folder / "model.keras")
        training = {"model": made.name, "parameters": {}, "image_size": SIZE, "preprocess": PREPROCESS}
        (made.model_folder / "training.json").write_text(json.dumps({**training, "records": {"train": 70}}))
        (made.model_folder / "history.csv").write_text(HISTORY)

    def write_report(self, made: Challenger, *, skill: float, test: str) -> None:
        made.report_folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(len(made.name))
        labels = np.arange(IMAGES) % 2
        logits = generator.normal(size=IMAGES) + skill * (labels - 0.5)
        members = [f"{test}/{number:03d}.png" for number in range(IMAGES)]
        table = pd.DataFrame(
            {"member": members, "label": labels, "score": 1 / (1 + np.exp(-logits)), "cluster": members}
        )
        table.to_csv(made.report_folder / "predictions.csv", index=False)
        accuracy = float(((logits >= 0) == labels).mean())
        figures = {"accuracy_score": accuracy, "roc_auc_score": 0.95, "expected_calibration_error": 0.05}
        report = {
            "model": made.name,
            "model_sha256": sha256_of_file(made.model_folder / "model.keras"),
            "threshold": 0.5,
            "confidence": 0.95,
            "calibration": {"slope": 1.0, "intercept": 0.0},
            "records": {"test": {"real": IMAGES // 2, "fake": IMAGES // 2}},
            "test_shards_sha256": test * 64,
            "test": {name: {"value": value} for name, value in figures.items()},
            "robustness": {"worst": {"accuracy_score": 0.6, "perturbation": "blur", "severity": 5}},
        }
        (made.report_folder / "metrics.json").write_text(json.dumps(report))

    def write_data(self, test: str, *, is_bright: bool = True) -> None:
        """Makes the archive and the test split: fakes are bright, or dark."""
        for stage in ("raw", "index", "split"):
            (self.root / "data" / stage).mkdir(parents=True, exist_ok=True)
        fine = [{"name": "duplicate_share", "verdict": "fine"}]
        for stage in ("index", "split"):
            (self.root / "data" / stage / "audit.json").write_text(json.dumps({"findings": fine}))
        (self.root / "data" / "raw" / "source.json").write_text(json.dumps({"archive": "faces.zip"}))
        rows = []
        with zipfile.ZipFile(self.root / "data" / "raw" / "faces.zip", "w") as archive:
            for number in range(IMAGES):
                level = 200 if (number % 2 == 1) == is_bright else 60
                buffer = io.BytesIO()
                Image.new("RGB", (SIZE, SIZE), (level, level, number)).save(buffer, "PNG")
                member = f"{test}/{number:03d}.png"
                archive.writestr(member, buffer.getvalue())
                rows.append(
                    {
                        "member": member,
                        "label": number % 2,
                        "group": "",
                        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
                    }
                )
        pd.DataFrame(rows).to_csv(self.root / "data" / "split" / "test.csv", index=False)


def make_checkout(root: Path) -> Checkout:
    """Makes a checkout with an archive and a test split, and no model yet."""
    surroundings = Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench", person="ada")
    made = Checkout(root, surroundings, config.load(ROOT / "params.yaml"))
    made.write_data("a")
    return made
