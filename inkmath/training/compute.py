"""How a training uses the machine."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

_M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -2, -4, -8
"""Of glibc's malloc.h; see mallopt(3)."""

HELD = 1 << 30
"""So many bytes of freed memory are held for the next arrays."""


def hold_memory() -> None:
    """Have memory that was freed held for the next array, not given back to the system at once.

    glibc maps large arrays anew each time, and the kernel clears them page by page; it would adapt itself to what a
    program allocates, but no longer does once TensorFlow's data sets have set one of its bounds. That took 41 % of the
    processor time of a training of symbols (docs/experiments.md, "Memory that is held"). So arrays of any size, in any
    thread, come from one heap, which stays as large as it was. No number depends on it.

    Where there is another allocator, nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for knob, value in ((_M_MMAP_MAX, 0), (_M_ARENA_MAX, 1), (_M_TOP_PAD, HELD)):
            mallopt(knob, value)


def use_machine(threads: int) -> None:
    """Hold memory that was freed, and have TensorFlow use so many threads.

    Call it before anything is computed.

    Args:
        threads: for one operation, one being run at a time; 0 leaves the choice to TensorFlow.

    Raises:
        RuntimeError: TensorFlow has begun.
    """
    hold_memory()
    if threads:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def all_devices() -> tf.distribute.Strategy:
    """How a model is spread over the GPUs of this machine: with several, each takes its share of every batch.

    Build and compile the model in its ``scope()``. A strategy that is in force already is left in force.
    """
    import tensorflow as tf

    if tf.distribute.has_strategy() or len(tf.config.list_logical_devices("GPU")) < 2:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy()
