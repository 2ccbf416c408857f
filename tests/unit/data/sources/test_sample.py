import hashlib
import io
import operator
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from unmask.config import DownloadConfig, KaggleConfig, SampleConfig
from unmask.data.raw import Folders
from unmask.data.sources import sample
from unmask.data.sources.sample import write_archive
from unmask.errors import UnmaskError

Images = dict[str, bytes]


def draw(path: Path, *, images: int, image_size: int = 32, seed: int = 3, workers: int = 1) -> Path:
    write_archive(path, SampleConfig(images=images, image_size=image_size, seed=seed), workers=workers)
    return path


def read(path: Path) -> Images:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def default_size(tmp_path_factory: pytest.TempPathFactory) -> Images:
    path = tmp_path_factory.mktemp("sample") / "sample.zip"
    return read(draw(path, images=400, image_size=128, seed=7, workers=2))


def test_same_seed_gives_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    alone = draw(tmp_path / "alone.zip", images=20)
    together = draw(tmp_path / "together.zip", images=20, workers=2)
    assert sha256(alone) == sha256(together)


def test_process_that_dies_is_reported_and_leaves_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.data.parallel.serve", operator.is_)  # a process that ends at once
    with pytest.raises(UnmaskError, match="one of 2 processes died"):
        draw(tmp_path / "sample.zip", images=20, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_another_seed_gives_other_images(tmp_path: Path) -> None:
    first = read(draw(tmp_path / "first.zip", images=20, seed=3))
    second = read(draw(tmp_path / "second.zip", images=20, seed=4))
    assert set(first.values()).isdisjoint(second.values())


def test_asking_for_more_images_keeps_the_earlier_ones(tmp_path: Path) -> None:
    few = read(draw(tmp_path / "few.zip", images=20))
    many = read(draw(tmp_path / "many.zip", images=30))
    assert few.items() <= many.items()


def test_classes_are_halves_in_sorted_members_and_an_odd_image_is_real(tmp_path: Path) -> None:
    members = list(read(draw(tmp_path / "sample.zip", images=21)))
    # 21 = 10 fake + 11 real; "fake" sorts before "real".
    assert members == [f"fake/{i:05d}.jpg" for i in range(10)] + [f"real/{i:05d}.jpg" for i in range(11)]


def test_members_are_stored_uncompressed_with_a_fixed_time(tmp_path: Path) -> None:
    with zipfile.ZipFile(draw(tmp_path / "sample.zip", images=20)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_member_is_an_rgb_jpeg_of_one_size_without_metadata(default_size: Images) -> None:
    for content in default_size.values():
        with Image.open(io.BytesIO(content)) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (128, 128))
            assert set(image.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_no_two_images_are_the_same(default_size: Images) -> None:
    assert len(set(default_size.values())) == 400


def test_fetch_leaves_one_zip_and_says_what_it_is(tmp_path: Path) -> None:
    config = DownloadConfig(
        source="sample",
        archive="",
        sample=SampleConfig(images=20, image_size=32, seed=5),
        kaggle=KaggleConfig(dataset="owner/name", version="", bytes=0, sha256=""),
    )
    folders = Folders(target=tmp_path, output=tmp_path / "absent", partial=tmp_path / "absent")
    source = sample.fetch(config, folders)
    assert [path.name for path in tmp_path.iterdir()] == [source.archive] == ["sample.zip"]
    assert source.version == f"{sample.DRAWING_VERSION}-seed5-20x32px"


def test_file_size_colour_means_and_jpeg_tables_do_not_tell_fake_from_real(default_size: Images) -> None:
    assert max(shortcut_scores(default_size)) < 0.60


def test_the_shortcut_check_notices_fakes_saved_at_a_lower_quality(default_size: Images) -> None:
    planted = {name: save_again(image, 75 if "fake" in name else 90) for name, image in default_size.items()}
    assert min(shortcut_scores(planted)) > 0.9


def save_again(content: bytes, quality: int) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def shortcut_scores(images: Images) -> list[float]:
    """Areas under the ROC curve, cross-validated, of a linear model and a boosted one."""
    labels = np.array([name.startswith("fake/") for name in images])
    features = np.stack([shortcut_features(content) for content in images.values()])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    models = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        GradientBoostingClassifier(n_estimators=40, random_state=0),
    )
    return [
        float(roc_auc_score(labels, cross_val_predict(model, features, labels, cv=folds, method="predict_proba")[:, 1]))
        for model in models
    ]


def shortcut_features(content: bytes) -> npt.NDArray[np.float64]:
    """File bytes, mean red, green and blue, and the two JPEG quantisation tables."""
    with Image.open(io.BytesIO(content)) as image:
        tables = image.quantization  # type: ignore[attr-defined]
        means = np.asarray(image).mean(axis=(0, 1))
    return np.concatenate([[len(content)], means, *(tables[key] for key in sorted(tables))])
