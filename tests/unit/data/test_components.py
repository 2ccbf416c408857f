import numpy as np
import pandas as pd

from unmask.data.components import equal_pairs, join, join_groups, spanning_pairs


def test_chains_are_one_component():
    assert join(5, [(np.array([0]), np.array([3])), (np.array([3]), np.array([4]))]).tolist() == [0, 1, 2, 0, 0]


def test_no_pairs_join_nothing():
    assert join(3, []).tolist() == [0, 1, 2]
    assert join(0, []).tolist() == []


def test_equal_values_are_linked_to_their_first():
    left, right = equal_pairs(["b", "a", "b", "c", "a", "b"])
    assert (left.tolist(), right.tolist()) == ([0, 1, 0], [2, 4, 5])


def test_groups_join_what_copies_do_not():
    groups = pd.Series(["film", "", "film", "", "other"])
    assert join_groups(np.array([0, 1, 2, 1, 3]), groups).tolist() == [0, 1, 0, 1, 2]


def test_no_group_joins_nothing():
    assert join_groups(np.arange(3), pd.Series(["", "", ""])).tolist() == [0, 1, 2]


def test_spanning_pairs_join_all_and_close_no_circle():
    # 0-1, 1-2, then 0-2 closes a circle; 3 and 4 are one component already; 4-5 joins.
    left, right = np.array([0, 1, 0, 3, 4]), np.array([1, 2, 2, 4, 5])
    assert spanning_pairs(np.array([0, 1, 2, 3, 3, 4]), left, right).tolist() == [True, True, False, False, True]


def test_spanning_pairs_of_nothing_are_none():
    assert spanning_pairs(np.arange(0), np.arange(0), np.arange(0)).tolist() == []
