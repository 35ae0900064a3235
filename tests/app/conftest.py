"""A folder for what is made by real processes."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.app.shell import processes_of


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user can pass through (that of pytest is closed to them); at the end nothing lives in it."""
    place = Path(tempfile.mkdtemp(prefix="stw-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    for process_id in processes_of(place):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
    shutil.rmtree(place, ignore_errors=True)
