"""What every module of commands shares: the options that all have, whose hand it is, and the tower of a home."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from stocktower.app.home import Tower, find_home, open_tower

HomeOption = Annotated[
    Path | None, Parameter(name="--home", help="Folder with stocktower.toml; else the nearest parent.")
]
JsonFlag = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object.")]
DryRunFlag = Annotated[bool, Parameter(name="--dry-run", negative="", help="Show what would change, change nothing.")]


def actor() -> str:
    """Who runs the command, for the records: the user of the machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


@contextmanager
def opened(home: Path | None) -> Generator[Tower]:
    """The tower of a home."""
    with open_tower(find_home(home)) as tower:
        yield tower
