import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unmask.data.duplicates import band_masks, bit_distance, find_copies, hash_words, join, join_groups, near_pairs
from unmask.data.inspection import perceptual_hash


def hexadecimal(*bits):
    """A hash of 256 bits in which only the given ones are set."""
    return f"{sum(1 << bit for bit in bits):064x}"


def records(hashes, contents=None):
    contents = contents or [f"content{number}" for number in range(len(hashes))]
    return pd.DataFrame({"sha256": contents, "perceptual_hash": hashes})


def test_equal_bytes_are_copies_whatever_their_hash():
    table = records([hexadecimal(), hexadecimal(*range(100)), hexadecimal(*range(200))], ["a", "b", "a"])
    assert find_copies(table, distance=0).tolist() == [0, 1, 0]


def test_equal_hashes_are_copies_at_distance_0():
    assert find_copies(records([hexadecimal(5), hexadecimal(6), hexadecimal(5)]), distance=0).tolist() == [0, 1, 0]


@pytest.mark.parametrize(("distance", "expected"), [(3, [0, 0]), (2, [0, 1])])
def test_the_distance_is_the_most_bits_that_may_differ(distance, expected):
    assert find_copies(records([hexadecimal(), hexadecimal(0, 100, 255)]), distance=distance).tolist() == expected


def test_copies_of_copies_belong_together():
    # 0 to 1 differs in 2 bits, 1 to 2 in 2 bits, 0 to 2 in 4.
    table = records([hexadecimal(), hexadecimal(1, 2), hexadecimal(1, 2, 3, 4)])
    assert find_copies(table, distance=2).tolist() == [0, 0, 0]


@pytest.mark.parametrize("distance", [1, 2, 5, 12, 28, 31, 64])
def test_finds_every_pair_that_comparing_all_finds(distance):
    generator = np.random.default_rng(distance)
    seeds = generator.integers(0, 2**64, (40, 4), dtype=np.uint64)
    words = np.repeat(seeds, 5, axis=0)
    # Each copy differs from its seed in up to 1.5 times the distance.
    for row in words:
        for bit in generator.choice(256, generator.integers(0, distance * 3 // 2 + 1), replace=False):
            row[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    found = {
        tuple(sorted(pair))
        for left, right in near_pairs(words, distance=distance)
        for pair in zip(left.tolist(), right.tolist(), strict=True)
    }
    left, right = np.triu_indices(len(words), 1)
    is_near = bit_distance(words[left], words[right]) <= distance
    expected = set(zip(left[is_near].tolist(), right[is_near].tolist(), strict=True))
    assert len(expected) > 20
    assert found == expected


def test_bands_cover_every_bit_but_those_left_out():
    masks = np.array(list(band_masks(256, distance=28)))
    # 28 // 2 + 1 = 15 bands, and one mask for each of the 256 bits.
    assert len(masks) == 256
    assert bit_distance(masks, np.zeros_like(masks)).sum() == sum(
        size * (size - 1)
        for size in [18] * 1 + [17] * 14  # 256 = 18 + 14 * 17
    )


def test_bit_distance_counts_bits():
    words = hash_words([hexadecimal(), hexadecimal(0, 64, 255)])
    assert bit_distance(words[:1], words[1:]).tolist() == [3]


def test_a_thousand_equal_pictures_are_one_component():
    assert set(find_copies(records([hexadecimal(7)] * 1000), distance=28).tolist()) == {0}


def test_joining_in_several_rounds_gives_the_same_components(monkeypatch):
    pairs = [(np.array([number]), np.array([number + 2])) for number in range(8)]
    whole = join(10, pairs)
    monkeypatch.setattr("unmask.data.duplicates.MAX_PAIRS", 2)
    assert join(10, pairs).tolist() == whole.tolist() == [0, 1] * 5


def test_groups_join_what_copies_do_not():
    groups = pd.Series(["film", "", "film", "", "other"])
    assert join_groups(np.array([0, 1, 2, 1, 3]), groups).tolist() == [0, 1, 0, 1, 2]


def test_no_group_joins_nothing():
    assert join_groups(np.arange(3), pd.Series(["", "", ""])).tolist() == [0, 1, 2]


def test_a_copy_saved_again_and_smaller_stays_near(make_picture, make_image):
    original = make_picture(1, size=(128, 128))
    again = Image.open(io.BytesIO(make_image(1, size=(128, 128), quality=50))).resize((96, 96))
    other = make_picture(2, size=(128, 128))
    words = hash_words([perceptual_hash(image.convert("RGB")) for image in (original, again, other)])
    assert bit_distance(words[:1], words[1:2]) <= 28
    assert bit_distance(words[:1], words[2:]) > 64


def test_is_fast_and_lean_on_many_images():
    # 20,000 unlike hashes and one copy, in about a second; comparing all pairs would take 200 million comparisons.
    words = np.random.default_rng(3).integers(0, 2**64, (20_000, 4), dtype=np.uint64)
    words[-1] = words[0] ^ np.uint64(0b111)
    components = join(len(words), near_pairs(words, distance=28))
    assert components[-1] == 0
    assert len(np.unique(components)) == 19_999
