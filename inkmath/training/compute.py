"""How a training uses the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


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


def all_devices() -> tf.distribute.Strategy:
    """How a model is spread over the GPUs of this machine: with several, each takes its share of every batch.

    Build and compile the model in its ``scope()``. A strategy that is in force already is left in force.
    """
    import tensorflow as tf

    if tf.distribute.has_strategy() or len(tf.config.list_logical_devices("GPU")) < 2:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy()
