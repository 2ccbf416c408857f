"""Pairs of alike hashes among many, without comparing every pair.

Hashes are sorted by a few of their bits, chosen at random, and those that agree in all of these are compared; then
again by other bits. Two hashes of 256 bits that differ in d agree in k chosen ones with a probability of about
(1 - d / 256) ** k, so that `NUM_TABLES` sorts miss hardly any pair that is near, and meet few that are not. Source:
Indyk and Motwani, "Approximate nearest neighbors" (STOC 1998), section 4.2; bit sampling.

Every pair that is given was compared in full; a pair can be missed. The tests hold it to brute force on random hashes;
`benchmarks/near_duplicates.py` measures how many copies are found in the end.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.data.copies.hashes import FIRST_CROP, HASH_BITS, NUM_WORDS, Words, bit_distance

NUM_TABLES = 96
SEED = 0
SLICE_PAIRS = 1 << 17  # compared at a time: few enough to stay in the cache
# What keeps sets of hardly different pictures, such as a film's frames, from costing the square of their number. Faces
# stay far below.
MAX_COMPARED = 1 << 23  # in one sort
MAX_FOUND = 1 << 20  # in one sort
MAX_GATHERED = 1 << 22  # before they are thinned out
NEAREST = 16  # of an image's pairs, kept when thinned out

ENTRY_BITS = np.uint64(32)
ENTRY_MASK = np.uint64(0xFFFFFFFF)
# A pair found is one number, so that sorting brings the best of the same two images first: the two, their distance,
# the views that met, and whether the second of the two is the whole.
DISTANCE_BITS, VIEW_BITS = 9, 3

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """Pairs whose hashes are near, nearest first.

    Attributes:
        whole: (pairs,), the image whose full picture, or mirror image, is near a view of the other.
        other: (pairs,), that other image.
        view: (pairs,), of the other: `hashes.FULL` or a crop's number.
        is_mirrored: (pairs,).
        distance: (pairs,), bits.
    """

    whole: Positions
    other: Positions
    view: Positions
    is_mirrored: npt.NDArray[np.bool_]
    distance: Positions


def near_pairs(words: Words, *, distance: int, threads: int) -> Candidates:
    """Finds images of which a view is near the full picture, or the mirror image, of another.

    Args:
        words: (NUM_WORDS, NUM_VIEWS, images), from `hashes.hash_views`.
        distance: the most bits in which two near hashes differ.
        threads: how many sort at once.

    Returns:
        Each two images once, in the way in which they are nearest.
    """
    num_images = words.shape[2]
    entries = words.reshape(NUM_WORDS, -1)
    num_bits = min(round(math.log2(num_images + 1)) + 8, 32)

    def search(table: int) -> Words:
        bits = np.random.default_rng((SEED, table)).choice(HASH_BITS, num_bits, replace=False)
        return search_table(entries, num_images=num_images, bits=bits, distance=distance)

    found: list[Words] = []
    with ThreadPoolExecutor(threads) as pool:
        for codes in pool.map(search, range(NUM_TABLES)):
            found.append(codes)
            if sum(map(len, found)) > MAX_GATHERED:
                found = [thin_out(first_of_each(np.concatenate(found)), num_images)]
    # Also where few were gathered: what is proposed must be looked at, and many alike pictures propose each other.
    return decode(thin_out(first_of_each(np.concatenate(found)), num_images), num_images)


def search_table(entries: Words, *, num_images: int, bits: npt.NDArray[np.int64], distance: int) -> Words:
    """Finds near pairs among the hashes that agree in some bits.

    Args:
        entries: (NUM_WORDS, views x images): all full pictures, then all mirror images, then crop by crop.
        num_images: how many there are.
        bits: in which hashes must agree to be compared.
        distance: the most bits in which two near hashes differ.

    Returns:
        codes: (pairs,), see `encode`.
    """
    keys = table_keys(entries, bits)
    order = np.sort((keys & ~ENTRY_MASK) | np.arange(entries.shape[1], dtype=np.uint64))
    found: list[Words] = [np.empty(0, dtype=np.uint64)]
    num_compared = num_found = 0
    for left, right in heap_pairs(order, num_starts=FIRST_CROP * num_images):
        found.append(compare(entries, left, right, num_images=num_images, distance=distance))
        num_compared += len(left)
        num_found += len(found[-1])
        if num_compared >= MAX_COMPARED or num_found >= MAX_FOUND:
            break
    return np.concatenate(found)


def table_keys(entries: Words, bits: npt.NDArray[np.int64]) -> Words:
    """Mixes the chosen bits of each hash into the upper half of a word.

    Two that differ may share a key by chance: it costs a comparison.
    """
    flags = np.zeros(HASH_BITS, dtype=np.uint8)
    flags[bits] = 1
    masks = np.packbits(flags).view(">u8").astype(np.uint64)
    # The odd multipliers of a multiply-shift hash.
    multipliers = np.random.default_rng(SEED).integers(1, 2**63, NUM_WORDS, dtype=np.uint64) * 2 + 1
    keys = np.zeros(entries.shape[1], dtype=np.uint64)
    for word, mask, multiplier in zip(entries, masks, multipliers, strict=True):
        keys += (word & mask) * multiplier
    return keys


def heap_pairs(order: Words, *, num_starts: int) -> Iterator[tuple[Positions, Positions]]:
    """Gives the pairs of entries of equal key: neighbours first, then those two apart, and so on.

    Args:
        order: (entries,), sorted: a key in the upper half, the entry in the lower.
        num_starts: one of the two is an entry below this number: crops are not compared with each other.

    Yields:
        left, right: (pairs,), entries, left below right; about `SLICE_PAIRS` at a time.
    """
    keys = order >> ENTRY_BITS
    numbers = (order & ENTRY_MASK).astype(np.int64)
    starts = np.flatnonzero((keys[:-1] == keys[1:]) & (numbers[:-1] < num_starts))
    last_of_heap = np.append(np.flatnonzero(keys[:-1] != keys[1:]), len(keys) - 1)
    followers = last_of_heap[np.searchsorted(last_of_heap, starts)] - starts
    # Those with most followers first: at each step the ones that have yet another are the first so many.
    by_followers = np.argsort(-followers, kind="stable")
    starts, followers = starts[by_followers], followers[by_followers]
    left: list[Positions] = []
    right: list[Positions] = []
    num_gathered = 0
    for step in range(1, int(followers.max(initial=0)) + 1):
        going_on = starts[: np.searchsorted(-followers, -step, side="right")]
        for first in range(0, len(going_on), SLICE_PAIRS):
            left.append(going_on[first : first + SLICE_PAIRS])
            right.append(left[-1] + step)
            num_gathered += len(left[-1])
            if num_gathered >= SLICE_PAIRS:
                yield numbers[np.concatenate(left)], numbers[np.concatenate(right)]
                left, right, num_gathered = [], [], 0
    if num_gathered:
        yield numbers[np.concatenate(left)], numbers[np.concatenate(right)]


def compare(entries: Words, left: Positions, right: Positions, *, num_images: int, distance: int) -> Words:
    """Keeps the pairs of entries that are near and of two images.

    Returns:
        codes: (pairs,), see `encode`.
    """
    half = NUM_WORDS // 2  # most pairs already differ in too many of these
    is_near = bit_distance(entries[:half, left], entries[:half, right]) <= distance
    left, right = left[is_near], right[is_near]
    distances = bit_distance(entries[:, left], entries[:, right])
    is_pair = (distances <= distance) & (left % num_images != right % num_images)
    is_pair &= (left < num_images) | (right >= FIRST_CROP * num_images)  # two mirror images: as the pictures themselves
    return encode(left[is_pair], right[is_pair], distances[is_pair].astype(np.uint64), num_images)


def encode(left: Positions, right: Positions, distances: Words, num_images: int) -> Words:
    """Makes a number of each pair of entries; sorted, the best of the same two images comes first."""
    left_view, whole = np.divmod(left, num_images)
    right_view, other = np.divmod(right, num_images)
    is_mirrored = (left_view == 1) | (right_view == 1)
    view = np.where(right_view >= FIRST_CROP, right_view, 0)
    low, high = np.minimum(whole, other), np.maximum(whole, other)
    code = (low * num_images + high).astype(np.uint64) << np.uint64(DISTANCE_BITS) | distances
    code = code << np.uint64(VIEW_BITS) | view.astype(np.uint64)
    code = code << np.uint64(1) | is_mirrored.astype(np.uint64)
    codes: Words = code << np.uint64(1) | (whole > other).astype(np.uint64)
    return codes


def decode(codes: Words, num_images: int) -> Candidates:
    """Reads the pairs back, nearest first."""
    fields = codes.astype(np.int64)
    is_high, fields = fields & 1, fields >> 1
    is_mirrored, fields = fields & 1, fields >> 1
    view, fields = fields & ((1 << VIEW_BITS) - 1), fields >> VIEW_BITS
    distance, fields = fields & ((1 << DISTANCE_BITS) - 1), fields >> DISTANCE_BITS
    low, high = np.divmod(fields, max(num_images, 1))
    order = np.argsort(distance, kind="stable")
    whole = np.where(is_high == 1, high, low)
    return Candidates(
        whole=whole[order],
        other=(low + high - whole)[order],
        view=view[order],
        is_mirrored=is_mirrored[order] == 1,
        distance=distance[order],
    )


def first_of_each(codes: Words) -> Words:
    """Keeps the best of each two images, in the order of the images."""
    codes = np.sort(codes)
    images = codes >> np.uint64(DISTANCE_BITS + VIEW_BITS + 2)
    is_first = np.ones(len(codes), dtype=np.bool_)
    is_first[1:] = images[1:] != images[:-1]
    return codes[is_first]


def thin_out(codes: Words, num_images: int) -> Words:
    """Keeps the pairs that are among the `NEAREST` of one of their images."""
    pairs = decode(codes, num_images)
    low, high = np.minimum(pairs.whole, pairs.other), np.maximum(pairs.whole, pairs.other)
    is_kept = (rank_within(low) < NEAREST) | (rank_within(high) < NEAREST)
    order = np.argsort(decode_distance(codes), kind="stable")
    kept: Words = codes[order][is_kept]
    return kept


def decode_distance(codes: Words) -> Positions:
    """Reads the distances only."""
    return (codes.astype(np.int64) >> (VIEW_BITS + 2)) & ((1 << DISTANCE_BITS) - 1)


def rank_within(groups: Positions) -> Positions:
    """Numbers the members of each group from 0, in their order."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    firsts = np.flatnonzero(is_first)
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(firsts, np.diff(np.append(firsts, len(groups))))
    return ranks
