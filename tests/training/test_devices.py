"""Several devices at once: the loss of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]

TRAIN = """
import contextlib, json, sys
from pathlib import Path
import tensorflow as tf

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
from test_symbols import settings, symbols, train
from inkmath.labels import Vocabulary
from inkmath.training import checkpoint
from inkmath.training.checkpoint import Checkpoint
from inkmath.training.symbols import write_model

checkpoint.SECONDS_BETWEEN, save = -1.0, Checkpoint.save
chosen = settings(dropout=0, epochs=2, batch_size=32, schedule=sys.argv[3])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
histories = []
for name, scope in (("one", contextlib.nullcontext()), ("two", strategy.scope())):
    folder = Path(sys.argv[2], name)
    with scope:
        def stop(*given):
            save(*given)
            saved.append(given)
            if len(saved) in (2, 4):  # within the first epoch, and after it
                raise KeyboardInterrupt
        saved, Checkpoint.save, began = [], stop, []
        while len(began) < 3:
            began.append(len(saved))
            with contextlib.suppress(KeyboardInterrupt):
                trained = train(symbols(96, 0), symbols(48, 1), chosen, folder / "checkpoint.npz")
    assert began == [0, 2, 4] and trained.began_at == 1
    histories.append(trained.history)
    write_model(trained, folder / "model", Vocabulary(("a", "b", "c")), {"length": 12}, symbols(48, 1))
assert strategy.num_replicas_in_sync == 2
print(json.dumps(histories))
"""


@pytest.mark.parametrize("schedule", ["cosine", pytest.param("constant", marks=pytest.mark.long)])
def test_two_devices_learn_as_one(tmp_path: Path, schedule: str) -> None:
    """Killed and gone on with, too; and what they learned is written and read like any other."""
    command = [sys.executable, "-c", TRAIN, str(Path(__file__).parent), str(tmp_path), schedule]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout.splitlines()[-1])
    for name in ("loss", "valid_loss", "accuracy", "valid_accuracy"):
        np.testing.assert_allclose([row[name] for row in one], [row[name] for row in two], rtol=2e-3, err_msg=name)
    told = [json.loads((tmp_path / name / "model" / "symbol.json").read_text()) for name in ("one", "two")]
    assert told[0]["temperature"] == pytest.approx(told[1]["temperature"], rel=0.05)
