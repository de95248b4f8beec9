"""How the C library deals with the memory of large arrays."""

import numpy as np


def keep_large_blocks() -> None:
    """Let freed blocks of up to 31 MiB be used again instead of being handed back to the system.

    glibc gives a large block back when it is freed, and every new array then begins with a page fault for each 4 KiB of
    it, which takes longer than to compute it.  Once it has seen a large block freed, it keeps blocks up to that size,
    32 MiB at most (mallopt(3), M_MMAP_THRESHOLD).  This one is never written to, so that it costs nothing; elsewhere
    nothing happens.
    """
    np.empty(31 << 20, np.uint8)
