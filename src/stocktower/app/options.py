"""What every module of commands shares: the options that all have, whose hand it is, and the tower of a home."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import structs

from stocktower import access
from stocktower.app.home import Tower, find_home, open_tower, refusals_on_record
from stocktower.platform import Transaction

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
def opened(home: Path | None, needs: access.Permission | None = None) -> Generator[Tower]:
    """The tower of a home, for a command that needs a permission: the user of the machine may do all that the
    operating model gives to nobody else. Raises access.PermissionDenied."""
    with open_tower(find_home(home)) as tower:
        yield structs.replace(tower, allowed_by=allow(tower, needs)) if needs else tower


def allow(tower: Tower, permission: access.Permission) -> str:
    """The stated rule by which the user of the machine may do something, if any; a refusal is on record.

    Raises access.PermissionDenied.
    """
    with refusals_on_record(tower), tower.reading() as tx:
        return access.require_stated(access.find_operator(tx, actor()), permission)


def is_allowed(tx: Transaction, permission: access.Permission) -> bool:
    """Whether the user of the machine may do something."""
    return access.may(access.find_operator(tx, actor()), permission)
