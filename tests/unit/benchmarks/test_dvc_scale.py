"""What the benchmark of DVC is made of: generated archives, an image more, and what a cache holds."""

import io
import zipfile

import imagehash
import pytest
from benchmarks import dvc_repositories, dvc_scale, generated_jpegs, shard_change
from benchmarks.dvc_repositories import Repository
from PIL import Image

from unmask import artifacts
from unmask.data.archives.contents import list_contents
from unmask.data.raw import find_archive, require_source
from unmask.errors import UnmaskError


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "generated.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for number in range(4):
            content = generated_jpegs.encode(number)
            opened.writestr(generated_jpegs.member_name("train", number), content)
    return path


def test_the_splits_are_as_large_as_kaggles():
    sizes = [len(generated_jpegs.numbers_of(split, num_images=140_000)) for split in generated_jpegs.SPLITS]
    assert sizes == [100_000, 20_000, 20_000]


def test_every_image_lies_in_one_split():
    numbers = [number for split in generated_jpegs.SPLITS for number in generated_jpegs.numbers_of(split, num_images=9)]
    assert numbers == list(range(9))


def test_pictures_weigh_what_photographs_do_and_look_unlike_each_other():
    contents = [generated_jpegs.encode(number) for number in range(20)]
    assert 25_000 < sum(map(len, contents)) / 20 < 31_000
    pictures = [Image.open(io.BytesIO(content)) for content in contents]
    assert {picture.size for picture in pictures} == {(256, 256)}
    first, *others = (imagehash.dhash(picture, hash_size=16) for picture in pictures)
    # Copies differ in at most 32 bits; half of 256 are expected of strangers.
    assert min(first - other for other in others) > 60


def test_the_same_number_is_the_same_picture():
    assert generated_jpegs.encode(5) == generated_jpegs.encode(5)


def test_a_generated_archive_is_read_as_kaggles_is(tmp_path):
    path = generated_jpegs.archive_of(tmp_path, num_images=14)
    members = list_contents(path).members
    # 10 for train, 2 and 2 for the others, half of each class; the tables agree, or reading them would fail.
    assert [sum(member.upstream_split == split for member in members) for split in ("train", "validation", "test")] == [
        10,
        2,
        2,
    ]
    assert sum(member.label for member in members) == 7


def test_a_linked_archive_is_found_as_what_download_left(tmp_path):
    archive = generated_jpegs.archive_of(tmp_path, num_images=14)
    generated_jpegs.link_as_raw(archive, tmp_path / "raw")
    assert find_archive(tmp_path / "raw").samefile(archive)
    assert require_source(tmp_path / "raw").bytes == archive.stat().st_size


def test_an_archive_that_exists_is_not_made_again(tmp_path):
    path = generated_jpegs.archive_of(tmp_path, num_images=2)
    path.write_bytes(b"kept")
    assert generated_jpegs.archive_of(tmp_path, num_images=2).read_bytes() == b"kept"


def test_one_more_image_is_there_and_then_is_not(archive):
    before = archive.read_bytes()
    with shard_change.one_more_image(archive) as longer:
        assert not archive.exists()
        with zipfile.ZipFile(longer) as opened:
            assert len(opened.namelist()) == 5
            assert opened.testzip() is None
    assert archive.read_bytes() == before


def test_the_archive_is_as_before_when_the_measurement_fails(archive):
    before = archive.read_bytes()
    with pytest.raises(UnmaskError, match="failed"), shard_change.one_more_image(archive):
        raise UnmaskError("the run failed")
    assert archive.read_bytes() == before


def test_the_shards_are_those_of_the_last_stages_lock(tmp_path):
    repository = Repository(tmp_path, tmp_path / "remote", "preprocess")
    place = tmp_path / ".dvc" / "cache" / "files" / "md5"
    listing = [{"md5": "aa11", "relpath": "00000.tfrecord"}, {"md5": "bb22", "relpath": "shards.json"}]
    artifacts.write_json(place / "cc" / "33.dir", listing)
    artifacts.write_text(place / "aa" / "11", "12345")
    artifacts.write_text(place / "bb" / "22", "123")
    artifacts.write_text(place / "dd" / "44", "the zip")
    lock = "stages: {preprocess: {outs: [{md5: cc33.dir}]}, download: {outs: [{md5: dd44}]}}"
    artifacts.write_text(tmp_path / "dvc.lock", lock)
    assert shard_change.shards_of(repository) == {"aa/11": 5, "bb/22": 3}
    assert sorted(dvc_repositories.stored(dvc_repositories.cache_of(repository))) == [
        "aa/11",
        "bb/22",
        "cc/33.dir",
        "dd/44",
    ]


def test_only_new_files_count_as_added():
    assert shard_change.added({"aa/11": 5}, {"aa/11": 5, "bb/22": 3}) == 3


def test_a_run_of_dvc_that_fails_says_why(tmp_path):
    with pytest.raises(dvc_repositories.MeasurementError, match="dvc repro failed with 253"):
        dvc_repositories.run(Repository(tmp_path, tmp_path / "remote", "preprocess"), "repro")


def test_a_trial_leaves_the_benchmarks_file_alone(tmp_path, monkeypatch):
    written = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["dvc_scale", "--images", "14", "--keep"])
    monkeypatch.setattr(dvc_scale, "measure", lambda *arguments, **options: [])
    monkeypatch.setattr(dvc_scale.comparison, "publish", lambda *arguments: written.append(arguments))
    dvc_scale.main()
    assert written == []
