"""What belongs together: the connected components of items linked by pairs."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Positions = npt.NDArray[np.int64]
Pairs = tuple[Positions, Positions]


def join(num_items: int, pairs: Iterable[Pairs]) -> Positions:
    """Finds the connected components of items linked by pairs.

    Args:
        num_items: how many items there are.
        pairs: arrays of positions, left and right, any number of times.

    Returns:
        components: (items,), numbered from 0 by first item.
    """
    none = np.empty(0, dtype=np.int64)
    left, right = (np.concatenate(ends) for ends in zip((none, none), *pairs, strict=True))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(num_items, num_items))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)


def join_copies(records: pd.DataFrame, copies: pd.DataFrame) -> Positions:
    """Numbers the sets of images that show the same picture.

    Chains count: where A is a copy of B and B of C, all three are one set.

    Args:
        records: columns member and sha256.
        copies: `records.COPY_COLUMNS`; pairs of equal bytes need not be there.

    Returns:
        components: (images,), numbered from 0 in the order of the records.
    """
    positions = pd.Index(records["member"])
    left, right = (
        np.asarray(positions.get_indexer(pd.Index(copies[end])), dtype=np.int64) for end in ("left", "right")
    )
    return join(len(records), [equal_pairs(records["sha256"]), (left, right)])


def join_groups(components: Positions, groups: pd.Series) -> Positions:
    """Joins components that share a group.

    Args:
        components: (images,).
        groups: one for each image; empty for none.

    Returns:
        components: (images,), numbered from 0 in the order of the images.
    """
    named = np.flatnonzero(groups.to_numpy() != "")
    left, right = equal_pairs(groups.iloc[named])
    return join(len(components), [equal_pairs(components), (named[left], named[right])])


def equal_pairs(values: npt.ArrayLike) -> Pairs:
    """Links each item with the first one of the same value.

    Returns:
        left, right: (pairs,), positions, left below right; sorted by right.
    """
    codes = pd.factorize(np.asarray(values))[0]
    _, first = np.unique(codes, return_index=True)
    firsts = first[codes].astype(np.int64)
    right = np.flatnonzero(firsts != np.arange(len(codes)))
    return firsts[right], right


def spanning_pairs(components: Positions, left: Positions, right: Positions) -> npt.NDArray[np.bool_]:
    """Picks pairs that join all that the pairs together would join, and none that another has joined before it.

    Args:
        components: (items,), what is joined already.
        left: (pairs,), positions.
        right: (pairs,), positions.

    Returns:
        is_picked: (pairs,); the earlier of two that join the same.
    """
    parents = list(range(int(components.max(initial=-1)) + 1))

    def root(item: int) -> int:
        while parents[item] != item:
            parents[item] = parents[parents[item]]
            item = parents[item]
        return item

    is_picked = np.zeros(len(left), dtype=np.bool_)
    for position, ends in enumerate(zip(components[left].tolist(), components[right].tolist(), strict=True)):
        one, other = root(ends[0]), root(ends[1])
        if one != other:
            parents[max(one, other)] = min(one, other)
            is_picked[position] = True
    return is_picked
