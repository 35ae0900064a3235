"""What the web is given to work with; the app builds it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from stocktower import inventory
from stocktower.exchange import ImportSummary
from stocktower.platform import Clock, Database


class Outcome(Protocol):
    """What an act on a case did, or would do."""

    @property
    def action(self) -> str:
        """The name of the act."""
        ...

    @property
    def dry_run(self) -> bool:
        """True: nothing was changed."""
        ...

    @property
    def changes(self) -> Sequence[str]:
        """What changed, one sentence each."""
        ...


class Act(Protocol):
    """Act on a case by its number; a dry run does everything and rolls it back."""

    def __call__(self, number: str, action: str, arguments: Mapping[str, str], actor: str, dry_run: bool, /) -> Outcome:
        """What changed, or would."""
        ...


class ImportFile(Protocol):
    """Bring a file into the inbox: kind is products, stock, orders or shipments."""

    def __call__(
        self, path: Path, kind: str, channel: str | None, format: str | None, actor: str, name: str, /
    ) -> ImportSummary:
        """The proof of its rows."""
        ...


class Services(msgspec.Struct, frozen=True):
    """One merchant, opened, and the commands that live above the web."""

    database: Database
    merchant_id: int
    clock: Clock
    gatherer: inventory.Gatherer
    act: Act
    import_file: ImportFile
