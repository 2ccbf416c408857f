import numpy as np
import pytest

from unmask.data.copies import near_pairs as module
from unmask.data.copies.hashes import (
    FIRST_CROP,
    FULL,
    HASH_BITS,
    MIRROR,
    NUM_VIEWS,
    NUM_WORDS,
    bit_distance,
    hash_views,
)
from unmask.data.copies.near_pairs import near_pairs
from unmask.data.pictures.thumbnails import SIDE

DISTANCE = 32


def random_words(num_images, *, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 2**64, (NUM_WORDS, NUM_VIEWS, num_images), dtype=np.uint64, endpoint=False)


def flip(word, num_bits, random):
    """Changes so many of the 256 bits of a hash."""
    bits = np.unpackbits(word.astype(">u8").view(np.uint8))
    bits[random.choice(HASH_BITS, num_bits, replace=False)] ^= 1
    return np.packbits(bits).view(">u8").astype(np.uint64)


def found_in(candidates):
    return {(min(ends), max(ends)) for ends in zip(candidates.whole.tolist(), candidates.other.tolist(), strict=True)}


def brute_force(words, *, distance):
    """Compares every view that the search may compare: a picture or its mirror image, and any view of another."""
    num_images = words.shape[2]
    near = {}
    for whole_view in (FULL, MIRROR):
        for view in (FULL, *range(FIRST_CROP, NUM_VIEWS)):
            for whole in range(num_images):
                one = np.repeat(words[:, whole_view, whole, None], num_images, axis=1)
                distances = bit_distance(one, words[:, view])
                for other in np.flatnonzero(distances <= distance).tolist():
                    if other != whole:
                        ends = (min(whole, other), max(whole, other))
                        near[ends] = min(near.get(ends, HASH_BITS), int(distances[other]))
    return near


@pytest.fixture
def planted():
    """Six hundred random hashes; each of the first 300 near a view of one of the others, by 1 to 34 bits."""
    random = np.random.default_rng(1)
    words = random_words(600)
    for number in range(300):
        view = random.choice([FULL, *range(FIRST_CROP, NUM_VIEWS)])
        words[:, random.integers(2), number] = flip(words[:, view, number + 300], int(random.integers(1, 35)), random)
    return words


def test_the_search_finds_nearly_all_that_brute_force_does_and_nothing_else(planted):
    candidates = near_pairs(planted, distance=DISTANCE, threads=1)
    expected = brute_force(planted, distance=DISTANCE)
    found = dict(
        zip(
            zip(
                np.minimum(candidates.whole, candidates.other).tolist(),
                np.maximum(candidates.whole, candidates.other).tolist(),
                strict=True,
            ),
            candidates.distance.tolist(),
            strict=True,
        )
    )
    assert len(expected) > 200
    assert found.items() <= expected.items()
    # By chance it may miss some: see the module.
    assert len(found) >= 0.98 * len(expected)


def test_each_two_images_are_given_once_and_the_nearest_first(planted):
    candidates = near_pairs(planted, distance=DISTANCE, threads=2)
    assert len(found_in(candidates)) == len(candidates.whole)
    assert (np.diff(candidates.distance) >= 0).all()
    assert (candidates.whole != candidates.other).all()


def test_views_that_met_are_named():
    random = np.random.default_rng(2)
    words = random_words(40)
    words[:, MIRROR, 7] = flip(words[:, FIRST_CROP + 2, 30], 5, random)
    candidates = near_pairs(words, distance=DISTANCE, threads=1)
    named = (candidates.whole, candidates.other, candidates.view, candidates.is_mirrored, candidates.distance)
    assert [field.tolist() for field in named] == [[7], [30], [FIRST_CROP + 2], [True], [5]]


def test_threads_find_the_same(planted):
    one, two = (near_pairs(planted, distance=DISTANCE, threads=threads) for threads in (1, 2))
    assert found_in(one) == found_in(two)


@pytest.mark.parametrize("num_images", [0, 1, 2])
def test_few_images_are_no_trouble(num_images):
    assert len(near_pairs(random_words(num_images), distance=DISTANCE, threads=1).whole) == 0


@pytest.fixture
def count_work(monkeypatch):
    """Counts what each sort compared and found."""
    compared, given = [], []
    compare, search = module.compare, module.search_table

    def counted_compare(entries, left, right, **options):
        compared[-1] += len(left)
        return compare(entries, left, right, **options)

    def counted_search(*arguments, **options):
        compared.append(0)
        codes = search(*arguments, **options)
        given.append(len(codes))
        return codes

    monkeypatch.setattr(module, "compare", counted_compare)
    monkeypatch.setattr(module, "search_table", counted_search)
    return compared, given


def test_many_equal_pictures_cost_no_square(count_work, monkeypatch):
    monkeypatch.setattr(module, "NUM_TABLES", 6)
    words = np.repeat(random_words(1), 20_000, axis=2)
    candidates = near_pairs(words, distance=DISTANCE, threads=1)
    compared, given = count_work
    # Each with each would be 200,000,000 pairs of the full pictures alone.
    assert max(compared) <= module.MAX_COMPARED + module.SLICE_PAIRS
    assert max(given) <= module.MAX_FOUND + module.SLICE_PAIRS
    assert len(candidates.whole) <= module.MAX_GATHERED


def test_every_frame_of_a_film_is_linked_to_another(count_work, monkeypatch):
    monkeypatch.setattr(module, "NUM_TABLES", 3)
    random = np.random.default_rng(3)
    frame = random.integers(0, 256, (1, SIDE, SIDE)).astype(np.float32)
    frames = np.clip(frame + random.normal(0, 2, (2000, SIDE, SIDE)), 0, 255).astype(np.uint8)
    candidates = near_pairs(hash_views(frames, threads=1), distance=DISTANCE, threads=1)
    compared, _ = count_work
    assert max(compared) <= module.MAX_COMPARED + module.SLICE_PAIRS
    assert set(candidates.whole.tolist()) | set(candidates.other.tolist()) == set(range(2000))
