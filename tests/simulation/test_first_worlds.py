"""Fixed seeds, the first half: crashes between commits, and the auditor agrees to the last unit and cent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.worlds import FIRST_HALF, run_world


@pytest.mark.parametrize("seed", FIRST_HALF)
def test_the_auditor_agrees(seed: int, new_database_url: Callable[[], str], tmp_path: Path) -> None:
    outcome = run_world(seed, new_database_url, tmp_path)
    assert outcome.orders > 0
    assert outcome.repeated > 0
    assert outcome.crashes > 0
