"""Which images of a split are no independent ones: frames of one video, copies of one picture."""

import pandas as pd

from unmask.data.components import join_copies, join_groups


def clusters_of(records: pd.DataFrame, copies: pd.DataFrame) -> dict[str, str]:
    """Names what each image belongs to by the first member of it.

    Args:
        records: `records.SPLIT_COLUMNS`, of one split.
        copies: `records.COPY_COLUMNS`; pairs of which a member lies elsewhere join nothing here.

    Returns:
        Member to the name of its cluster, its own where it stands alone.
    """
    ordered = records.sort_values("member", ignore_index=True)
    here = copies[copies["left"].isin(ordered["member"]) & copies["right"].isin(ordered["member"])]
    components = join_groups(join_copies(ordered, here), ordered["group"].fillna("").astype(str))
    first = ordered["member"].groupby(components).transform("first")
    return dict(zip(ordered["member"], first, strict=True))
