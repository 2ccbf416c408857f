"""Which images show the same picture: equal bytes, or perceptual hashes a few bits apart.

No pair-by-pair comparison: by the pigeonhole principle, two hashes that differ in at most d bits, cut into d // 2 + 1
bands, differ in at most one bit of some band (were it two in each, they would differ in at least d + 1). So pairs are
looked for only among hashes that agree in a band but for one bit. Source: Norouzi, Punjani and Fleet, "Fast search
in Hamming space with multi-index hashing" (CVPR 2012), section 3.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Positions = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Pairs = tuple[Positions, Positions]

WORD_BITS = 64
MAX_PAIRS = 1 << 22  # joined into components when more have gathered, which keeps memory bounded


def find_copies(records: pd.DataFrame, *, distance: int) -> Positions:
    """Numbers the sets of images that show the same picture.

    Chains count: where A is a near copy of B and B of C, all three are one set.

    Args:
        records: `records.RECORD_COLUMNS`.
        distance: the most bits in which the perceptual hashes of two near copies differ.

    Returns:
        components: (images,), numbered from 0 in the order of the records.
    """
    exact = join(len(records), [equal_pairs(records["sha256"])])
    codes, hashes = pd.factorize(records["perceptual_hash"])
    # Among different hashes only: a thousand black pictures are one hash, not half a million pairs.
    near = join(len(hashes), near_pairs(hash_words(list(hashes)), distance=distance))
    return join(len(records), [equal_pairs(exact), equal_pairs(near[codes])])


def join_groups(components: Positions, groups: pd.Series) -> Positions:
    """Joins components that share a group.

    Args:
        components: (images,), from `find_copies`.
        groups: one for each image; empty for none.

    Returns:
        components: (images,), numbered from 0 in the order of the images.
    """
    named = np.flatnonzero(groups.to_numpy() != "")
    left, right = equal_pairs(groups.iloc[named])
    return join(len(components), [equal_pairs(components), (named[left], named[right])])


def join(num_items: int, pairs: Iterable[Pairs]) -> Positions:
    """Finds the connected components of items linked by pairs.

    Args:
        num_items: how many items there are.
        pairs: arrays of positions, left and right, any number of times.

    Returns:
        components: (items,), numbered from 0 by first item.
    """
    components = np.arange(num_items, dtype=np.int64)
    gathered: list[Pairs] = []
    num_gathered = 0
    for left, right in pairs:
        gathered.append((left, right))
        num_gathered += len(left)
        if num_gathered > MAX_PAIRS:
            components = link(components, gathered)
            gathered, num_gathered = [], 0
    return link(components, gathered)


def link(components: Positions, pairs: list[Pairs]) -> Positions:
    """Merges components that any pair links."""
    if not pairs:
        return components
    left = components[np.concatenate([left for left, _ in pairs])]
    right = components[np.concatenate([right for _, right in pairs])]
    size = len(components)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(pd.factorize(labels[components])[0], dtype=np.int64)


def equal_pairs(values: npt.ArrayLike) -> Pairs:
    """Links each item with the next one of the same value."""
    codes = pd.factorize(np.asarray(values))[0]
    order = np.argsort(codes, kind="stable").astype(np.int64)
    is_same = codes[order[1:]] == codes[order[:-1]]
    return order[:-1][is_same], order[1:][is_same]


def hash_words(hashes: list[str]) -> Words:
    """Turns hexadecimal hashes into machine words.

    Args:
        hashes: of equal length, a multiple of 16 digits.

    Returns:
        words: (hashes, bits / 64).
    """
    content = b"".join(bytes.fromhex(text) for text in hashes)
    return np.frombuffer(content, dtype=">u8").astype(np.uint64).reshape(len(hashes), -1)


def near_pairs(words: Words, *, distance: int) -> Iterator[Pairs]:
    """Finds all pairs of hashes that differ in few bits.

    Args:
        words: (hashes, words), from `hash_words`.
        distance: the most bits in which a pair differs.

    Yields:
        Positions, left and right; a pair may come several times.
    """
    if distance == 0 or len(words) < 2:
        return
    # Odd multipliers mix the words of a masked hash into one key. Two hashes may share a key by chance: every
    # candidate's distance is checked.
    multipliers = np.random.default_rng(0).integers(1, 2**63, size=words.shape[1], dtype=np.uint64) | np.uint64(1)
    for mask in band_masks(words.shape[1] * WORD_BITS, distance=distance):
        keys = ((words & mask) * multipliers).sum(axis=1, dtype=np.uint64)
        for left, right in equal_key_pairs(keys):
            is_near = bit_distance(words[left], words[right]) <= distance
            yield left[is_near], right[is_near]


def band_masks(num_bits: int, *, distance: int) -> Iterator[Words]:
    """Gives each band of a hash, with each of its bits left out in turn.

    The bands' bits are scattered over the hash: neighbouring bits say nearly the same, so a band of neighbours would
    sort hashes into few large heaps.

    Yields:
        mask: (words,).
    """
    order = np.random.default_rng(0).permutation(num_bits)
    num_bands = min(distance // 2 + 1, num_bits)
    for band in range(num_bands):
        bits = order[band::num_bands]
        for left_out in range(len(bits)):
            flags = np.zeros(num_bits, dtype=np.uint8)
            flags[np.delete(bits, left_out)] = 1
            yield np.packbits(flags).view(">u8").astype(np.uint64)


def equal_key_pairs(keys: Words) -> Iterator[Pairs]:
    """Finds all pairs of equal keys, a few at a time.

    Yields:
        Positions, left and right: all pairs of neighbours in a heap, then all pairs two apart, and so on.
    """
    order = np.argsort(keys, kind="stable").astype(np.int64)
    ordered = keys[order]
    starts = np.arange(len(keys), dtype=np.int64)
    offset = 1
    while len(starts):
        starts = starts[starts < len(keys) - offset]
        starts = starts[ordered[starts] == ordered[starts + offset]]
        if len(starts):
            yield order[starts], order[starts + offset]
        offset += 1


def bit_distance(left: Words, right: Words) -> npt.NDArray[np.int64]:
    """Counts the bits in which hashes differ.

    Args:
        left: (pairs, words).
        right: (pairs, words).

    Returns:
        distances: (pairs,).
    """
    counts: Positions = np.bitwise_count(left ^ right).sum(axis=1, dtype=np.int64)
    return counts
