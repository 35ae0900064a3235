"""Rebuild: every projection compared with its ledgers, and set to what they say, while workers go on."""

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from stocktower import access, catalog, finance, inventory, publication
from stocktower.app.home import Tower
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.verify import plain
from stocktower.finance import StillPosting
from stocktower.platform import Drifted, Projection, is_transient

PROJECTIONS: tuple[Projection, ...] = (
    *catalog.PROJECTIONS,
    *inventory.PROJECTIONS,
    *publication.PROJECTIONS,
    *finance.PROJECTIONS,
)
AT_ONCE = 500
"""Rows that are mended in one transaction."""
TRIES = 100
PAUSE = 0.1
SHOWN = 20


class Rebuilt(msgspec.Struct, frozen=True):
    """What became of one projection."""

    name: str
    meaning: str
    checked: int
    """Rows."""
    differing: int
    repaired: int
    """None of them in a dry run; less than differed where a worker had put them right meanwhile."""
    rows: list[list[Any]]
    """Some that differed: key, what was stored, what the ledgers say."""


class Rebuild(msgspec.Struct, frozen=True):
    """What a rebuild did, or would do."""

    dry_run: bool
    projections: list[Rebuilt]

    @property
    def differing(self) -> int:
        """Rows that said something else than their ledgers."""
        return sum(one.differing for one in self.projections)


def rebuild_projections(tower: Tower, *, by: str, dry_run: bool) -> Rebuild:
    """Compare all projections in one view, then mend each in batches under the locks of those who write it."""
    made: list[Rebuilt] = []
    for projection in PROJECTIONS:
        with tower.reading() as tx:
            checked, drifted = projection.count(tx), projection.find(tx)
        repaired = (
            0
            if dry_run
            else sum(
                mend(tower, projection, drifted[start : start + AT_ONCE], by)
                for start in range(0, len(drifted), AT_ONCE)
            )
        )
        shown = [[list(map(plain, part or ())) for part in (one.key, one.stored, one.truth)] for one in drifted[:SHOWN]]
        made.append(Rebuilt(projection.name, projection.doc, checked, len(drifted), repaired, shown))
    if not dry_run:
        with tower.transaction(by) as tx:
            data = {one.name: one.repaired for one in made}
            access.record_act(tx, "projections.rebuild", "system", 0, data)
    return Rebuild(dry_run, made)


def mend(tower: Tower, projection: Projection, drifted: Sequence[Drifted], by: str) -> int:
    """Set some rows to what their ledgers say: looked at again under the lock, so that nothing newer is lost."""
    keys = {one.key for one in drifted}
    for left in range(TRIES, 0, -1):
        try:
            with tower.transaction(by) as tx:
                projection.lock(tx, drifted)
                still = [one for one in projection.find(tx) if one.key in keys]
                if still:
                    projection.restore(tx, still)
                return len(still)
        except Exception as error:
            if left == 1 or not (is_transient(error) or isinstance(error, StillPosting)):
                raise
        threading.Event().wait(PAUSE)
    return 0


def rebuild(*, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Compare every projection with its ledgers and set it to what they say; exit code 1 when one differed."""
    with opened(home) as tower:
        found = rebuild_projections(tower, by=actor(), dry_run=dry_run)
    if json:
        say_json(found)
    else:
        say_rebuild(found)
    if dry_run and found.differing:
        raise CommandFailed(f"{found.differing:,} rows differ from their ledgers; run it without --dry-run", code=1)


def say_rebuild(found: Rebuild) -> None:
    """Each projection with what was found."""
    rows = [(one.name, one.checked, one.differing, one.repaired, one.meaning) for one in found.projections]
    columns = ("projection", ">rows", ">differ", ">repaired", "")
    say_table("Projections against their ledgers", columns, rows, empty="none")
    for one in found.projections:
        for key, stored, truth in one.rows:
            out.print(
                f"  {one.name} {key}: stored {stored or 'nothing'}, ledgers say {truth or 'nothing'}", markup=False
            )
