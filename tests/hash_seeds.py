"""Python's own hash of a word, and so the order of a set of words, differs from process to process."""

from __future__ import annotations

import os
import subprocess
import sys


def printed_by_each(code: str) -> set[str]:
    """What code prints in processes with other hashes: one text, if it does not depend on them."""
    printed = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        printed.add(done.stdout)
    return printed
