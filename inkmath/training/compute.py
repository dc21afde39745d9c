"""How a training uses the machine."""

from __future__ import annotations


def limit_threads(threads: int) -> None:
    """Let TensorFlow use so many threads for one operation, and run one at a time; 0 leaves the choice to it.

    Call it before anything is computed.

    Raises:
        RuntimeError: TensorFlow has begun.
    """
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
