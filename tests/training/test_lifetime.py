"""A training ends with the DVC that runs it, and only with that one, and says with its status why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a child with its parent")

STAGE = textwrap.dedent(
    """
    import time
    from inkmath.training.lifetime import end_with_dvc
    end_with_dvc()
    print("begun", flush=True)
    time.sleep(600)
    """
)
PARENT = textwrap.dedent(
    f"""
    import subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", {STAGE!r}], stdout=subprocess.PIPE, text=True)
    print(child.pid, child.stdout.readline(), flush=True)
    child.wait()
    """
)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[psutil.Process]:
    """The training that a process began which was killed as soon as the training was under way."""
    environment = {name: value for name, value in os.environ.items() if name != "DVC_STAGE"} | request.param
    parent = subprocess.Popen([sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    number, begun = parent.stdout.readline().split()
    assert begun == "begun"
    training = psutil.Process(int(number))
    parent.kill()
    parent.wait()
    yield training
    if training.is_running():
        training.kill()


@pytest.mark.parametrize("stage", [{"DVC_STAGE": "train"}], indirect=True)
def test_a_stage_ends_when_its_dvc_is_killed(stage: psutil.Process) -> None:
    assert psutil.wait_procs([stage], timeout=10)[0] or stage.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("stage", [{}], indirect=True)
def test_what_was_begun_by_hand_lives_on(stage: psutil.Process) -> None:
    assert not psutil.wait_procs([stage], timeout=1)[0]
    assert stage.status() != psutil.STATUS_ZOMBIE


FIRST = textwrap.dedent(
    f"""
    import subprocess, sys
    stage = {STAGE!r}.replace("time.sleep(600)", "")
    done = subprocess.run([sys.executable, "-c", stage], capture_output=True, text=True)
    print(done.stdout, done.stderr)
    """
)
UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc")
REFUSED = "the DVC that started this stage was killed; run dvc repro again"


@pytest.mark.parametrize(("name", "said"), [("dvc", "begun"), ("entrypoint", REFUSED)])
def test_the_first_process_of_a_container_may_be_dvc_itself(tmp_path: Path, name: str, said: str) -> None:
    """Its number tells nothing by itself: it is also who takes in what a killed DVC leaves behind."""
    if shutil.which("unshare") is None or subprocess.run([*UNSHARE, "true"], check=False).returncode:
        pytest.skip("no processes of a container's own can be made here")
    (tmp_path / name).write_text(FIRST)
    command = [*UNSHARE, sys.executable, str(tmp_path / name)]
    done = subprocess.run(
        command, env={**os.environ, "DVC_STAGE": "train"}, capture_output=True, text=True, timeout=600, check=False
    )
    assert said in done.stdout, done.stderr


def test_a_dvc_killed_in_the_middle_of_the_call_is_noticed() -> None:
    stage = "import os; from inkmath.training.lifetime import end_with_dvc\n"
    stage += "os.getppid = iter([4711, 42]).__next__; end_with_dvc()"
    environment = {**os.environ, "DVC_STAGE": "train"}
    done = subprocess.run([sys.executable, "-c", stage], env=environment, capture_output=True, text=True, check=False)
    assert REFUSED in done.stderr


# What stands for the threads of TensorFlow: it aborts the process once Python has begun to take it down.
ENDING = """
import atexit, os, runpy, sys
from inkmath import params
def load_params():
    atexit.register(os.abort)
    print("under way")
    {ending}
params.load_params = load_params
runpy.run_module("stages.{stage}", run_name="__main__")
"""


@pytest.mark.parametrize("stage", ["train", "train_expression"])
@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        ("raise SystemExit(143)", 143, ""),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise params.ParamsError('wrong')", 1, "{stage}: wrong\n"),
    ],
)
def test_the_status_of_a_stopped_training_tells_what_stopped_it(
    stage: str, ending: str, status: int, said: str
) -> None:
    program = ENDING.format(stage=stage, ending=ending)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "under way\n", said.format(stage=stage))
