"""Verify: every invariant of every room is a query that must return no row; the audit chain must hash."""

from typing import Any

import msgspec

from stocktower import access
from stocktower.app.home import Tower
from stocktower.app.subscriptions import SUBSCRIPTIONS
from stocktower.platform import Invariant, Transaction, load_cursors, load_head, load_invariants

ROOMS = (
    "platform", "access", "model", "worklist", "exchange", "catalog", "network", "customers", "payments", "inventory",
    "publication", "fulfillment", "ordering", "counting", "purchasing", "reconciliation", "stewardship", "finance",
)  # fmt: skip
SHOWN = 20


class Broken(msgspec.Struct, frozen=True):
    """An invariant that does not hold, with some of the rows that show it."""

    name: str
    room: str
    meaning: str
    rows: list[list[Any]]


class Verification(msgspec.Struct, frozen=True):
    """What verify found; `behind` are invariants that wait for a subscriber to catch up."""

    ok: bool
    checked: int
    broken: list[Broken]
    behind: list[str]


def verify(tower: Tower) -> Verification:
    """Run all invariants in one consistent view."""
    with tower.reading() as tx:
        return verify_in(tx)


def verify_in(tx: Transaction) -> Verification:
    """Run all invariants in a transaction."""
    head = load_head(tx)
    cursors = load_cursors(tx)
    current = {item.name for item in SUBSCRIPTIONS if cursors.get(item.name, 0) >= head}
    broken: list[Broken] = []
    behind: list[str] = []
    checked = 0
    for invariant in all_invariants():
        subscriber = invariant.when.removeprefix("at cursor of ") if invariant.when != "now" else None
        if subscriber is not None and subscriber not in current and head > 0:
            behind.append(f"{invariant.room}.{invariant.name}")
            continue
        checked += 1
        rows = tx.tuples(invariant.query)
        if rows:
            shown = [[plain(value) for value in row] for row in rows[:SHOWN]]
            broken.append(Broken(name=invariant.name, room=invariant.room, meaning=invariant.doc, rows=shown))
    problems = access.verify_audit(tx)
    if problems:
        broken.append(Broken("audit_chain", "access", "The audit log hashes from row to row.", [[p] for p in problems]))
    return Verification(ok=not broken, checked=checked + 1, broken=broken, behind=behind)


def all_invariants() -> list[Invariant]:
    """The invariants of all rooms."""
    return [invariant for room in ROOMS for invariant in load_invariants(f"stocktower.{room}")]


def plain(value: Any) -> Any:
    """A value that JSON can carry."""
    return value if isinstance(value, int | str | bool | None) else str(value)
