"""Giving memory back to the system after large pictures."""

import ctypes
import sys

MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
LARGE_BYTES = 4 << 20


def return_large_blocks() -> None:
    """Has the C library return each large block to the system as soon as it is free.

    glibc raises its threshold to 32 MB once such a block was freed, keeps smaller ones, and cannot return what lies
    below one that is in use: a service that has judged a few pictures of 40 megapixels then stays twice as large. See
    mallopt(3), M_MMAP_THRESHOLD. Other C libraries are left as they are.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(MMAP_THRESHOLD, LARGE_BYTES)
