"""What the tests of the survey's core and of its pages share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_folder(tmp_path) -> Iterator[Path]:
    """A folder in memory, if there is one: every transaction of SQLite waits for a busy disk."""
    if not os.access(_IN_MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="pirgan-", dir=_IN_MEMORY) as folder:
        yield Path(folder)
