"""A merchant with orders and stock, whose sites count: short ways to plan, count and look."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stocktower import counting, finance, inventory, model, network, worklist
from stocktower.counting import CountItem, Entered, Finished
from stocktower.exchange import ProductDocument
from stocktower.inventory import views as stock
from stocktower.platform import Transaction, load_events_after, load_invariants
from tests.ordering import world as orders

TEXT = (
    orders.TEXT
    + """
[counting]
lines_per_day = 3
approve_line_minor = 1000
approve_net_minor = 2000
"""
)
PRODUCTS = (
    ProductDocument("CUP", "Cup", barcode="4006381333931", cost_minor=250, currency="USD", units=(("case", 12),)),
    ProductDocument("LID", "Lid", cost_minor=50, currency="USD"),
    ProductDocument("ROPE", "Rope", cost_minor=900, currency="USD"),
    ProductDocument("WIRE", "Wire, of unknown cost"),
    ProductDocument("SET", "Cup with lids", components=(("CUP", 1), ("LID", 2))),
    ProductDocument("PAIR", "Two ropes", listings=(("web", "ROPE-2", 2),)),
)


class World(orders.World):
    """One merchant in one transaction."""

    def __init__(self, tx: Transaction, text: str = TEXT) -> None:
        super().__init__(tx, text, PRODUCTS)
        self.posted = 0

    def plan(self, site: str = "EAST", *skus: str, lines: int | None = None) -> int:
        """Make a sheet, and say its number."""
        planned = counting.plan(self.tx, site, skus=skus, lines=lines)
        assert planned.number is not None
        return planned.number

    def enter(self, number: int, counts: Mapping[str, int], by: str = "ann", **more: object) -> list[Entered]:
        """Somebody counts SKUs of a sheet."""
        items = [replace(CountItem(units, sku=sku), **more) for sku, units in counts.items()]
        return counting.enter(self.tx, number, items, by=by)

    def count(self, number: int, counts: Mapping[str, int], by: str = "ann") -> Finished:
        """Somebody counts SKUs of a sheet and ends the round; nothing is found of the rest."""
        assert {one.outcome for one in self.enter(number, counts, by)} <= {"new"}
        return counting.finish(self.tx, number, by=by, rest_not_found=True)

    def states(self, number: int) -> dict[str, str]:
        """SKU -> state of its line, when nothing is left to count."""
        found = counting.load_variances(self.tx, self.network, number)
        return {one.sku: one.line.state for one in found.lines}

    def moves(self, site: str, code: str) -> list[tuple[int, str, str]]:
        """(units, reason, reference) of the moves of a SKU's row, the oldest first."""
        rows = inventory.load_site_rows(self.tx, self.network.site_ids[site], self.tx.now)
        ids = [row.stock_id for row in rows if row.sku_id == self.sku[code]]
        return [(one.delta, one.reason, one.reference) for one in stock.load_moves(self.tx, ids)][::-1]

    def post(self) -> dict[str, int]:
        """Post what happened, and say the balance of each account."""
        self.tx.write_events()
        events, self.posted = load_events_after(self.tx, self.posted, 10_000, finance.KINDS)
        finance.post(self.tx, model.load_applied(self.tx).configuration, network.load_network(self.tx), events)
        return {row.account: row.debit_minor - row.credit_minor for row in finance.trial_balance(self.tx).rows}

    def open_case(self) -> worklist.Case:
        """The only case that is open."""
        (case,) = worklist.load_cases(self.tx, worklist.CaseFilter()).cases
        return case

    def check(self) -> None:
        """Every invariant of the rooms below and of this one holds."""
        assert orders.broken(self.tx) == []
        assert broken(self.tx) == {}


def broken(tx: Transaction) -> dict[str, list[tuple[Any, ...]]]:
    """The invariants of counting that do not hold."""
    rows = {one.name: tx.tuples(one.query) for one in load_invariants("stocktower.counting")}
    return {name: found[:3] for name, found in rows.items() if found}
