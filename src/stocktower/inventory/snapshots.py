"""Takes what a site says it holds: moves that explain the difference, and cuts where less is there than promised."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from stocktower.catalog import Sku, find_skus, load_units
from stocktower.exchange import StockDocument, StockLine
from stocktower.network import Network, SiteFacts, load_network
from stocktower.platform import Transaction

from . import store
from .book import Balance, Book, Cause
from .counts import Stated, Verdict, decide_snapshot, settle
from .cuts import Cutter, MayCut
from .discrepancies import settle_discrepancies
from .events import COUNT, OPENING, stock_events, supply_event
from .model import NO_LOT, Cut, Demand, Refused, Shortfall, SnapshotResult, StockRow, Taken
from .rules import owner_at
from .service import change_demands, open_book, write_book
from .snapshot_cases import tell_cases


class UnknownSite(LookupError):
    """The snapshot names a site that is not in the applied configuration."""


def take_snapshot(
    tx: Transaction,
    document: StockDocument,
    message_id: int,
    *,
    may_cut: MayCut,
    factors: Mapping[str, int] | None = None,
    sheet_id: int = 0,
) -> SnapshotResult:
    """Make stock what a site says, by moves; the same document again changes nothing. Raises UnknownSite, StockMoved.

    `may_cut` is asked once, under the locks, which of the orders' demands may be cut where less is there than
    allocated; the orders of `load_snapshot_orders` have to be locked before. `factors` (by SKU code) are a person's
    word on how many stock units one stated unit is: such rows are applied without suspicion. `sheet_id`: the count
    sheet that says so, in place of a message.
    """
    network = load_network(tx)
    site = site_of(network, document)
    skus = find_skus(tx, sorted({line.sku for line in document.lines}))
    units = load_units(tx, [sku.sku_id for sku in skus.values()])
    stated, refused = read_lines(document.lines, skus, units, factors or {})
    as_of = min(document.as_of or tx.now, tx.now)
    source = ("count", sheet_id) if sheet_id else ("message", message_id)
    snapshot = Snapshot(tx, network, site, stated, as_of, OPENING if document.opening else COUNT, source)
    snapshot.lock()
    verdict = snapshot.decide(units)
    cuts = snapshot.cut(verdict, may_cut)
    taken = snapshot.count(verdict)
    changed = {one.sku_id for one in taken if one.delta}
    snapshot.write()
    tell_cases(tx, site, message_id, verdict, refused)
    return SnapshotResult(
        changed=len(changed),
        unchanged=len(verdict.targets) - len(changed),
        stale=verdict.stale,
        mismatched=len(verdict.mismatches),
        refused=tuple(refused),
        cuts=tuple(cuts),
        shortfalls=snapshot.shortfalls(),
        taken=tuple(taken),
        sku_ids=tuple(sorted({*changed, *(sku_id for cut in cuts for sku_id, _ in cut.components)})),
    )


def load_snapshot_orders(tx: Transaction, document: StockDocument) -> list[int]:
    """The orders that the snapshot may cut, ascending: the caller locks them before `take_snapshot`."""
    network = load_network(tx)
    site = site_of(network, document)
    skus = find_skus(tx, sorted({line.sku for line in document.lines}))
    units = load_units(tx, [sku.sku_id for sku in skus.values()])
    stated, _ = read_lines(document.lines, skus, units, {})
    as_of = min(document.as_of or tx.now, tx.now)
    return Snapshot(tx, network, site, stated, as_of, COUNT, ("message", 0)).load_holders()


def site_of(network: Network, document: StockDocument) -> SiteFacts:
    """The site that a document names."""
    site_id = network.site_ids.get(document.site)
    if site_id is None:
        known = ", ".join(sorted(network.site_ids))
        raise UnknownSite(f"{document.site!r} is not a site of the applied configuration; one of: {known}")
    return network.sites[site_id]


def read_lines(
    lines: Iterable[StockLine],
    skus: Mapping[str, Sku],
    units: Mapping[int, Mapping[str, int]],
    factors: Mapping[str, int],
) -> tuple[list[Stated], list[Refused]]:
    """Statements in stock units, repeats of a SKU and status summed; rows that cannot be meant as they stand."""
    stated: dict[tuple[int, str], Stated] = {}
    refused: list[Refused] = []
    for line in lines:
        sku = skus.get(line.sku)
        if sku is None:
            refused.append(Refused(line.row, line.sku, "no SKU has this code: import the product, then retry"))
            continue
        if sku.kind == "kit":
            refused.append(Refused(line.row, line.sku, "a kit is stocked as its components: state those"))
            continue
        factor = factors.get(line.sku)
        if factor is None and line.unit and line.unit != sku.stock_unit:
            factor = units.get(sku.sku_id, {}).get(line.unit)
            if factor is None:
                refused.append(Refused(line.row, line.sku, f"{line.unit!r} is not a unit of this SKU"))
                continue
        if line.status == "in_transit":
            problem = "what is in transit is known by its transfer: state the transfer's steps"
            refused.append(Refused(line.row, line.sku, problem))
            continue
        if line.quantity < 0:
            refused.append(Refused(line.row, line.sku, "a site cannot hold less than nothing"))
            continue
        key = (sku.sku_id, line.status)
        before = stated.get(key)
        quantity = line.quantity * (factor or 1) + (before.quantity if before else 0)
        stated[key] = Stated(
            sku.sku_id,
            sku.code,
            line.status,
            quantity,
            line.row,
            line.cost_minor,
            factor is not None or bool(line.unit),
            line.as_of,
        )
    return list(stated.values()), refused


class Snapshot:
    """One document on its way into stock: locked, decided, cut, counted, written."""

    def __init__(
        self,
        tx: Transaction,
        network: Network,
        site: SiteFacts,
        stated: Sequence[Stated],
        as_of: datetime,
        reason: str,
        source: tuple[str, int],
    ) -> None:
        self._tx = tx
        self._network = network
        self._site = site
        self._stated = stated
        self._as_of = as_of
        self._reason = reason
        self._source = source
        self._own_instants = {
            (one.sku_id, one.status): min(one.as_of, tx.now) for one in stated if one.as_of is not None
        }
        self._owner = owner_at(site)
        self._sku_ids = sorted({one.sku_id for one in stated})
        self._balances: dict[tuple[int, str], Balance] = {}
        self._moved: dict[int, int] = {}
        self._changed: list[Demand] = []
        self._book = Book((), actor=tx.actor, now=tx.now)
        self._locked: set[int] = set()

    def load_holders(self) -> list[int]:
        """Orders and holds that have units of rows of which there may be too few."""
        rows = self._rows(store.load_rows(self._tx, self._sku_ids, self._site.site_id))
        at_risk = [row for row in rows if row.allocated]
        moved = self._moved_since(at_risk)
        stated = {(one.sku_id, one.status): one.quantity for one in self._stated}
        lacking = [
            row.stock_id
            for row in at_risk
            if (row.sku_id, row.status) in stated
            and stated[row.sku_id, row.status] + moved.get(row.stock_id, 0) < row.allocated
        ]
        return store.load_allocated_orders(self._tx, lacking) if lacking else []

    def _at(self, sku_id: int, status: str) -> datetime:
        """The instant that is spoken of."""
        return self._own_instants.get((sku_id, status), self._as_of)

    def _moved_since(self, rows: Sequence[StockRow]) -> dict[int, int]:
        """What happened to rows after the instant that is spoken of."""
        own = [(row.stock_id, at) for row in rows if (at := self._own_instants.get((row.sku_id, row.status)))]
        if not own:
            return store.load_moved_after(self._tx, [row.stock_id for row in rows], self._as_of) if rows else {}
        others = [row.stock_id for row in rows if (row.sku_id, row.status) not in self._own_instants]
        moved = store.load_moved_after(self._tx, others, self._as_of) if others else {}
        return moved | store.load_moved_after_each(self._tx, own)

    def _rows(self, rows: Iterable[StockRow]) -> list[StockRow]:
        return [row for row in rows if row.owner == self._owner and row.lot == NO_LOT]

    def lock(self) -> None:
        """Lock the SKUs, and those that are components of the same lines; then read what is true."""
        tx = self._tx
        beside = store.load_demands(tx, holders) if (holders := self.load_holders()) else []
        self._locked = {*self._sku_ids, *(one.sku_id for one in beside)}
        store.lock_items(tx, sorted(self._locked))
        all_rows = store.load_rows(tx, sorted(self._locked), self._site.site_id)
        self._book = open_book(tx, all_rows)
        rows = self._rows(all_rows)
        self._balances = {(row.sku_id, row.status): self._book.balances[row.stock_id] for row in rows}
        missing = [one for one in self._stated if (one.sku_id, one.status) not in self._balances]
        for stock_id, one in zip(tx.new_ids(len(missing)), missing, strict=True):
            row = StockRow(stock_id, one.sku_id, self._site.site_id, one.status, self._owner, NO_LOT, 0, 0, 0, 0, None)
            self._balances[one.sku_id, one.status] = self._book.open(row)
        self._moved = self._moved_since(rows)

    def decide(self, units: Mapping[int, Mapping[str, int]]) -> Verdict:
        """What the statements mean."""
        return decide_snapshot(self._stated, self._balances, self._moved, units, self._as_of)

    def cut(self, verdict: Verdict, may_cut: MayCut) -> list[Cut]:
        """Take back what is allocated and not there, as far as it may be taken, lowest priority first."""
        lacking = [
            (stock_id, self._book.balances[stock_id].allocated - real)
            for stock_id, real, _ in verdict.targets
            if real < self._book.balances[stock_id].allocated
        ]
        cutter = Cutter(self._tx, self._book, self._locked)
        cuts = cutter.cut(lacking, may_cut)
        self._changed = cutter.changed
        return cuts

    def count(self, verdict: Verdict) -> list[Taken]:
        """Enter the moves that explain the difference."""
        taken: list[Taken] = []
        for stock_id, real, one in verdict.targets:
            balance = self._book.balances[stock_id]
            at = balance.counted_at = self._at(one.sku_id, one.status)
            delta = settle(balance, real)
            taken.append(Taken(one.row, stock_id, one.sku_id, delta))
            self._book.move(stock_id, delta, Cause(self._reason, self._reason, *self._source, at, one.cost_minor))
        return taken

    def write(self) -> None:
        """Write rows, ledgers, demand and events; open and close the cases of what is missing."""
        write_book(self._tx, self._book)
        change_demands(self._tx, self._changed)
        kind, source_id = self._source
        self._tx.emit_all(stock_events(self._book, self._network, (source_id or None) if kind == "message" else None))
        self._tx.emit_all(supply_event([one.sku_id for one in self._changed], self._tx.now))
        settle_discrepancies(self._tx, self._book, self._network)

    def shortfalls(self) -> tuple[Shortfall, ...]:
        """Rows that keep more than is there, because it is released."""
        return tuple(
            Shortfall(one.row.stock_id, one.row.sku_id, one.row.site_id, one.discrepancy)
            for one in self._book.balances.values()
            if one.discrepancy > one.row.discrepancy
        )
