"""Rows that are counted bin by bin: their places, what each held at an instant, and the row that they add up to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from stocktower import inventory
from stocktower.exchange import StockLine
from stocktower.inventory import views as ledger
from stocktower.network import SiteFacts
from stocktower.platform import Transaction

from .model import Line, PlannedLine, RowKey

IN_NO_BIN = ledger.NOT_PUT_AWAY


def by_place(tx: Transaction, site: SiteFacts, lines: Sequence[PlannedLine]) -> list[PlannedLine]:
    """The lines of some rows, in the order of the rows: at a site with bins one for each place that a row may lie in.

    That is each bin that it is known in, and what lies in none, where anything may: not put away, picked or packed.
    """
    if not site.bins:
        return list(lines)
    found = inventory.load_rows_of(tx, sorted({line.row.sku_id for line in lines}))
    rows = {
        (row.sku_id, row.status, row.lot): row
        for row in found
        if row.site_id == site.site_id and row.owner == inventory.OWN
    }
    bins = ledger.load_bins(tx, [row.stock_id for row in rows.values() if row.binned])
    placed: list[PlannedLine] = []
    for line in lines:
        row = rows.get(line.row.key)
        there = bins.get(row.stock_id, ()) if row is not None else ()
        places = [(one.bin, one.quantity) for one in there if one.bin != ledger.FETCHED]
        rest = line.row.quantity - sum(units for _, units in places)
        if not places or rest or (row is not None and row.allocated):
            places.append((IN_NO_BIN, rest))
        placed += [replace(line, bin=code, held=units, leads=place == 0) for place, (code, units) in enumerate(places)]
    return placed


def in_walking_order(lines: Iterable[PlannedLine]) -> list[PlannedLine]:
    """Lines as people walk past them; what lies in no bin comes last, whole rows stay as they are."""
    return sorted(lines, key=lambda line: walking_key(line.bin))


def walking_key(code: str | None) -> tuple[bool, str]:
    """Sorts places as people walk; what lies in no bin comes last."""
    return not code, ledger.walking_order(code or "")


def load_expected(tx: Transaction, site_id: int, wanted: Sequence[tuple[Line, datetime]]) -> list[int]:
    """What lines are thought to have held at an instant of each, by every move that is known now; one each."""
    keys = [(line.sku_id, line.status, line.lot, at) for line, at in wanted]
    held = inventory.load_held_at(tx, site_id, keys)
    if not any(line.by_bin for line, _ in wanted):
        return held
    bins = inventory.load_held_in_bins(tx, site_id, keys)
    return [
        _of_place(line, of_row, in_bins) for (line, _), of_row, in_bins in zip(wanted, held, bins, strict=True)
    ]  # fmt: skip


def _of_place(line: Line, held: int, bins: dict[str, int]) -> int:
    if not line.by_bin:
        return held
    return bins.get(line.bin, 0) if line.bin else held - sum(bins.values())


def stated_by_bin(
    tx: Transaction, site_id: int, rows: Iterable[Sequence[Line]], codes: dict[int, str]
) -> list[StockLine]:
    """What rows held that were counted bin by bin, as of the last line of each; under the line that leads.

    What moved in and out of a place between its count and that instant is taken into account. A bin that nobody counted
    came to have units since the sheet was made: it has them.
    """
    of_rows = list(rows)
    lines = [line for of_row in of_rows for line in of_row]
    last: dict[RowKey, datetime] = {}
    for line in lines:
        if line.counted_at is not None:
            last[line.key] = max(last.get(line.key, line.counted_at), line.counted_at)
    then = load_expected(tx, site_id, [(line, line.counted_at or last[line.key]) for line in lines])
    later = load_expected(tx, site_id, [(line, last[line.key]) for line in lines])
    moved = {
        (line.key, line.bin): after - before for line, before, after in zip(lines, then, later, strict=True)
    }  # fmt: skip
    at_last = [(*of_row[0].key, last[of_row[0].key]) for of_row in of_rows]
    stated: list[StockLine] = []
    for of_row, bins in zip(of_rows, inventory.load_held_in_bins(tx, site_id, at_last), strict=True):
        first = next(line for line in of_row if line.leads)
        places = {line.bin: max(0, (line.counted or 0) + moved[line.key, line.bin]) for line in of_row}
        places = {**{code: max(0, units) for code, units in bins.items() if code not in places}, **places}
        stated += [
            StockLine(
                codes[first.sku_id], units, first.status, first.line_no, as_of=last[first.key], lot=first.lot, bin=code
            )
            for code, units in places.items()
        ]  # fmt: skip
    return stated


def share_out(lines: Sequence[Line], moved: int) -> dict[int, int]:
    """Line -> its part of what a row changed by: each its difference, and the line that leads what else there is."""
    parts = {line.line_no: line.difference for line in lines}
    first = next(line for line in lines if line.leads)
    parts[first.line_no] += moved - sum(parts.values())
    return parts
