"""A merchant whose stock other systems make statements of, worked as the edge works them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from stocktower import catalog, exchange, inventory, model, reconciliation, worklist
from stocktower.exchange import Incoming, ProductDocument, StatementDocument, StatementLine
from stocktower.inventory import Posting
from stocktower.platform import Transaction, load_invariants, take_due
from tests.ordering import world as ordering_world

SYSTEMS = """
[[systems]]
code = "erp"
name = "ERP"
kind = "erp"
times = ["06:00"]
tolerance_units = 1
tolerance_percent = 0.5
[systems.statuses]
BLOCKED = "quarantine"
SCRAP = ""
[systems.locations]
"0001" = "EAST"
"0002" = "WEST"

[[systems]]
code = "fba"
name = "Marketplace"
kind = "marketplace"
channel = "web"
sites = ["WEST"]
every_hours = 24
"""
PRODUCTS = (
    ProductDocument("CUP", "Cup", barcode="4006381333931", cost_minor=250, currency="USD", units=(("case", 12),)),
    ProductDocument("LID", "Lid", cost_minor=50, currency="USD"),
    ProductDocument("ROPE", "Rope", cost_minor=900, currency="USD", listings=(("web", "ROPE-2", 2),)),
    ProductDocument("SET", "Cup with lids", components=(("CUP", 1), ("LID", 2))),
)
TEXT = ordering_world.TEXT + SYSTEMS

Row = tuple[str, str, int] | tuple[str, str, int, str]
"""(place, SKU, quantity), and the status word where it is another than available."""


class World(ordering_world.World):
    """One merchant in one transaction, with its systems."""

    def __init__(self, tx: Transaction, text: str = TEXT, products: Sequence[ProductDocument] = PRODUCTS) -> None:
        super().__init__(tx, text, products)
        reconciliation.apply_systems(tx, model.load_applied(tx).configuration)

    def hold(self, site: str, quantities: Mapping[str, int], at: datetime, status: str = "available") -> None:
        """Stock that came in at an instant, and was recorded then."""
        self.post([(site, sku, units, at, status) for sku, units in quantities.items()])

    def post(self, items: Sequence[tuple[str, str, int, datetime, str]], recorded: datetime | None = None) -> None:
        """(site, SKU, difference, when, status), recorded then or at one instant."""
        now = self.tx.now
        for place, (site, sku, delta, at, status) in enumerate(items):
            self.tx.now = recorded or at
            posting = Posting(self.sku[sku], self.network.site_ids[site], delta, at, "delivery", 10_000 + place, status)
            (done,) = (inventory.receive if delta > 0 else inventory.adjust)(self.tx, [posting])
            assert done.problem == ""
        self.tx.now = now

    def state(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, rows: Sequence[Row], as_of: datetime, system: str = "erp", **changes: Any
    ) -> list[reconciliation.Run]:
        """A system makes a statement; the edge takes it in and compares it."""
        self.send(rows, as_of, system, **changes)
        return self.compare()

    def send(
        self, rows: Sequence[Row], as_of: datetime, system: str = "erp", *, per_part: int = 1000, **changes: Any
    ) -> list[str]:
        """Put the parts of a statement into the inbox; what became of each."""
        units = changes.pop("unit", "")
        lots = changes.pop("lots", {})
        lines = [
            StatementLine(row[0], row[1], row[2], row[3] if len(row) > 3 else "", units, lots.get(place, ""), place + 2)
            for place, row in enumerate(rows)
        ]
        digest = changes.pop("digest", str(hash(tuple(rows)) & 0xFFFFFFFF))
        parts = [tuple(lines[begin : begin + per_part]) for begin in range(0, len(lines), per_part)] or [()]
        items: list[Incoming] = []
        for number, part in enumerate(parts):
            last = len(parts) if number == len(parts) - 1 else 0
            document = StatementDocument(system, as_of, digest, part, number, last, **changes)
            items.append(
                Incoming(
                    "statement", f"{as_of.isoformat()}/{digest}/{number}", msgspec.json.encode(document), len(part)
                )
            )
        receipts = exchange.receive(self.tx, f"system/{system}", items, origin="test")
        while messages := exchange.claim(self.tx, ["statement"], 2):
            reconciliation.take_statements(self.tx, messages)
        return [receipt.outcome for receipt in receipts]

    def compare(self) -> list[reconciliation.Run]:
        """What is due to be compared."""
        return reconciliation.compare_statements(self.tx, take_due(self.tx, reconciliation.COMPARE, 100))

    def lines(self, system: str = "erp", cause: str = "") -> dict[tuple[str, str, str], tuple[int, int, str]]:
        """(SKU, site, status) -> (ours, theirs, cause) of what stands."""
        status = self.status(system)
        assert status.row is not None
        sites = {site.site_id: site.code for site in self.network.sites.values()}
        return {
            (self.codes[line.sku_id], sites[line.site_id], line.status): (line.ours, line.theirs, line.cause)
            for line, _ in reconciliation.load_lines(self.tx, status.row.system_id, cause=cause)
        }

    def line(self, system: str = "erp") -> reconciliation.Difference:
        """The only line that stands."""
        row = self.status(system).row
        assert row is not None
        ((line, _),) = reconciliation.load_lines(self.tx, row.system_id)
        return line

    def status(self, system: str = "erp") -> reconciliation.SystemStatus:
        """How a system stands with us."""
        (found,) = reconciliation.load_status(self.tx, system)
        return found

    def open_cases(self, kind: str = "stock_difference") -> dict[str, worklist.Case]:
        """Open cases of a kind by cause key."""
        page = worklist.load_cases(self.tx, worklist.CaseFilter(kind=kind), limit=100)
        return {case.cause_key: case for case in page.cases}

    def system_id(self, system: str = "erp") -> int:
        """The id of a system."""
        row = self.status(system).row
        assert row is not None
        return row.system_id

    def state_of(self, number: str) -> tuple[str, str]:
        """The step of an order, and what it waits for."""
        order = self.find(number).order
        return order.step, order.waits_for

    def holds_true(self) -> None:
        """Every invariant of the room, and of those below."""
        broken = [
            (one.name, rows[:3])
            for room in ("reconciliation", "inventory", "worklist", "catalog")
            for one in load_invariants(f"stocktower.{room}")
            if (rows := self.tx.tuples(one.query))
        ]
        assert not broken, broken


def hours(count: float) -> timedelta:
    """A length of time."""
    return timedelta(hours=count)


def code_of(tx: Transaction, sku_id: int) -> str:
    """The code of a SKU."""
    return catalog.load_skus(tx, [sku_id])[sku_id].code
