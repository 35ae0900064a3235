"""What the web is given to work with; the app builds it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from stocktower import access, inventory, publication
from stocktower.exchange import ImportSummary
from stocktower.platform import Clock, Database


class Refused(Exception):
    """A command that could not do what it was asked; the message says what happened and what to do."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        """`missing`: what was named is not there."""
        super().__init__(message)
        self.missing = missing


class Outcome(Protocol):
    """What an act on a case did, or would do."""

    @property
    def dry_run(self) -> bool:
        """True: nothing was changed."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was done, one sentence each."""
        ...

    @property
    def events(self) -> Mapping[str, int]:
        """How many events of each kind it writes, with what resumes by it."""
        ...


class Act(Protocol):
    """Act on a case by its number; a dry run does everything and rolls it back.

    Raises Refused, and access.PermissionDenied.
    """

    def __call__(
        self, number: str, action: str, arguments: Mapping[str, str], person: access.Person, dry_run: bool, /
    ) -> Outcome:
        """What changed, or would."""
        ...


class ImportFile(Protocol):
    """Bring a file into the inbox: kind is products, stock, orders or shipments; raises Refused."""

    def __call__(
        self,
        path: Path,
        kind: str,
        channel: str | None,
        format: str | None,
        person: access.Person,
        name: str,
        /,
        *,
        complete: bool = False,
    ) -> ImportSummary:
        """The proof of its rows; `complete`: stock is the whole of each site that it names."""
        ...


class Services(msgspec.Struct, frozen=True):
    """One merchant, opened, and the commands that live above the web."""

    database: Database
    merchant_id: int
    clock: Clock
    gatherer: inventory.Gatherer
    shelf: publication.Shelf
    act: Act
    import_file: ImportFile
