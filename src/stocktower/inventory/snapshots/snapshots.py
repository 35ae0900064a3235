"""Takes what a site says it holds: moves that explain the difference, and cuts where less is there than promised."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import find_stocked, load_tracking, load_units
from stocktower.exchange import StockDocument
from stocktower.model import SnapshotRule, load_applied, snapshot_rule
from stocktower.network import Network, SiteFacts, load_network
from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..bins.lacking import close_lacking
from ..bins.rules import FETCHED
from ..formulas.model import (
    AVAILABLE,
    BUILT_IN,
    EXPIRED,
    Cut,
    Demand,
    Refused,
    Shortfall,
    SnapshotResult,
    StockRow,
    Taken,
)
from ..formulas.rules import owner_at
from ..lots import lot_store
from ..lots.lot_service import record_lots
from ..lots.lots import SERIAL
from ..lots.owners import owners_of
from ..stock import store
from ..stock.book import Balance, Book, Cause, InBins
from ..stock.counts import RowKey, Stated, Verdict, decide_snapshot, settle
from ..stock.discrepancies import settle_discrepancies
from ..stock.events import COUNT, OPENING, stock_events, supply_event
from ..stock.site_rows import load_site_size
from ..supply.cuts import Cutter, MayCut
from ..supply.service import change_demands, open_book, write_book
from .reading import Meaning, ReadRows, read_rows
from .snapshot_cases import tell_beyond, tell_cases
from .tolerances import Beyond, judge_differences, judge_emptied
from .unnamed import explain_unnamed, is_unnamed
from .whole_sites import Size, is_all, is_large


def key_of(row: StockRow) -> RowKey:
    """What identifies a row at its site."""
    return row.sku_id, row.status, row.owner, row.lot


class UnknownSite(LookupError):
    """The snapshot names a site that is not in the applied configuration."""


class ReadSnapshot(Struct, frozen=True):
    """A document with all that it names looked up."""

    network: Network
    site: SiteFacts
    meaning: Meaning
    rows: ReadRows

    @property
    def sku_ids(self) -> list[int]:
        """The SKUs that it speaks of, ascending."""
        return sorted({one.sku_id for one in self.rows.stated} | {sku_id for sku_id, _, _ in self.rows.emptied})


def read_snapshot(tx: Transaction, document: StockDocument, factors: Mapping[str, int] | None = None) -> ReadSnapshot:
    """Look up what a document names, once for all that is done with it. Raises UnknownSite."""
    network = load_network(tx)
    site = site_of(network, document)
    meaning = load_meaning(tx, document, network, site, factors or {})
    return ReadSnapshot(network, site, meaning, read_rows(document.lines, meaning))


def take_snapshot(
    tx: Transaction,
    document: StockDocument,
    message_id: int,
    *,
    may_cut: MayCut,
    factors: Mapping[str, int] | None = None,
    sheet_id: int = 0,
    accepted: bool = False,
    left_out: Collection[RowKey] = (),
    known: ReadSnapshot | None = None,
    holders: Sequence[int] | None = None,
) -> SnapshotResult:
    """Make stock what a site says, by moves; the same document again changes nothing. Raises UnknownSite, StockMoved.

    What differs by more than its site may is a case, and what would empty too much of it waits, unless a person has
    `accepted` it, or a count sheet says so; `left_out`: rows that a whole site leaves out, of which that was judged.
    `may_cut` is asked once, under the locks, which of the orders' demands may be cut where less is there than
    allocated; the orders of `load_snapshot_orders` have to be locked before. `factors` (by SKU code) are a person's
    word on how many stock units one stated unit is: such rows are applied without suspicion. `sheet_id`: the count
    sheet that says so, in place of a message. `known` and `holders`: what the caller has read in this transaction.
    """
    known = known or read_snapshot(tx, document, factors)
    site, read = known.site, known.rows
    source = ("count", sheet_id) if sheet_id else ("message", message_id)
    reason = OPENING if document.opening else COUNT
    snapshot = Snapshot(tx, known, reason, source, all_lots=document.all_lots)
    snapshot.lock(holders)
    verdict = snapshot.decide()
    if not (accepted or sheet_id or factors or document.opening):
        whole = document.whole or document.complete
        verdict = snapshot.judge(verdict, message_id, is_whole=whole, left_out=frozenset(left_out))
    cuts = snapshot.cut(verdict, may_cut)
    taken = snapshot.count(verdict)
    changed = {one.sku_id for one in taken if one.delta}
    snapshot.write()
    refused = [*read.refused, *snapshot.refused]
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


def load_snapshot_orders(tx: Transaction, document: StockDocument, known: ReadSnapshot | None = None) -> list[int]:
    """The orders that the snapshot may cut, ascending: the caller locks them before `take_snapshot`."""
    known = known or read_snapshot(tx, document)
    return Snapshot(tx, known, COUNT, ("message", 0), all_lots=document.all_lots).load_holders()


def load_meaning(
    tx: Transaction, document: StockDocument, network: Network, site: SiteFacts, factors: Mapping[str, int]
) -> Meaning:
    """What the rows of a document are read with."""
    configuration = load_applied(tx).configuration
    skus = find_stocked(tx, sorted({line.sku for line in document.lines}))
    named = {
        (sku.sku_id, line.lot)
        for line in document.lines
        if line.lot and (sku := skus.get(line.sku)) is not None and sku.tracking != "none"
    }
    return Meaning(
        skus,
        load_units(tx, [sku.sku_id for sku in skus.values()]),
        factors,
        frozenset(BUILT_IN) | {status.code for status in configuration.statuses},
        owners_of(configuration),
        owner_at(site),
        lot_store.load_known_lots(tx, named),
        ZoneInfo(network.timezone),
        min(document.as_of or tx.now, tx.now),
        tx.now,
        site.bins,
        document.bins,
    )


def site_of(network: Network, document: StockDocument) -> SiteFacts:
    """The site that a document names."""
    site_id = network.site_ids.get(document.site)
    if site_id is None:
        known = ", ".join(sorted(network.site_ids))
        raise UnknownSite(f"{document.site!r} is not a site of the applied configuration; one of: {known}")
    return network.sites[site_id]


class Snapshot:
    """One document on its way into stock: locked, decided, cut, counted, written."""

    def __init__(
        self,
        tx: Transaction,
        known: ReadSnapshot,
        reason: str,
        source: tuple[str, int],
        *,
        all_lots: bool,
    ) -> None:
        self._tx = tx
        read, meaning = known.rows, known.meaning
        self._network = known.network
        self._site = known.site
        self._meaning = meaning
        self._stated = read.stated
        self._lots = read.lots
        self._bins = read.bins
        self._bins_counted: dict[int, datetime] = {}
        self._as_of = meaning.as_of
        self._reason = reason
        self._source = source
        tracked = {sku.sku_id: sku for sku in meaning.skus.values() if sku.tracking != "none"}
        self._tracked = tracked
        self._serials = {sku_id for sku_id, sku in tracked.items() if sku.tracking == SERIAL}
        self._whole = set(read.emptied)
        """(sku_id, status, owner) of which lots that are not named are none."""
        if all_lots:
            self._whole |= {one.key[:3] for one in read.stated if one.sku_id in tracked}
        self._own_instants = {one.key: min(one.as_of, tx.now) for one in read.stated if one.as_of is not None}
        self._sku_ids = known.sku_ids
        named = {one.key for one in read.stated}
        self._expired = {
            (one.sku_id, one.owner, one.lot): one.key
            for one in read.stated
            if one.status == EXPIRED and one.lot and (one.sku_id, AVAILABLE, one.owner, one.lot) not in named
        }
        """(sku_id, owner, lot) -> what is said of an expired lot; it speaks too of what is still called available."""
        self.refused: list[Refused] = []
        """Serial numbers that lie somewhere else as far as anybody knows."""
        self._balances: dict[RowKey, Balance] = {}
        self._moved: dict[int, int] = {}
        self._counted_later: set[RowKey] = set()
        """What is said of expired lots that were counted later, when they were still called available."""
        self._changed: list[Demand] = []
        self._book = Book((), actor=tx.actor, now=tx.now)
        self._locked: set[int] = set()

    def load_holders(self) -> list[int]:
        """Orders and holds that have units of rows of which there may be too few."""
        at_risk = store.load_rows_taken(self._tx, self._sku_ids, self._site.site_id) if self._sku_ids else []
        if not at_risk:
            return []
        moved = self._moved_since(at_risk) | {row.stock_id: 0 for row in at_risk if self._is_over(row)}
        stated = {one.key: one.quantity for one in (*self._stated, *self._not_named(at_risk))}
        lacking = [
            row.stock_id
            for row in at_risk
            if key_of(row) in stated and stated[key_of(row)] + moved.get(row.stock_id, 0) < row.allocated
        ]
        return store.load_allocated_orders(self._tx, lacking) if lacking else []

    def _not_named(self, rows: Iterable[StockRow]) -> list[Stated]:
        """Rows of tracked SKUs that are none by what is said of others: lots left out, serials in another status."""
        if not self._tracked:
            return []
        named = {one.key for one in self._stated}
        seen = {(one.sku_id, one.lot) for one in self._stated if one.quantity and one.sku_id in self._serials}
        return [
            Stated(row.sku_id, self._tracked[row.sku_id].code, row.status, 0, 0, None, True, None, row.owner, row.lot)
            for row in rows
            if (row.quantity or row.discrepancy or self._is_over(row))
            and key_of(row) not in named
            and (key_of(row)[:3] in self._whole or (row.sku_id, row.lot) in seen or self._is_over(row))
        ]

    def _is_over(self, row: StockRow) -> bool:
        """Whether what a row calls available is expired by what is said."""
        return row.status == AVAILABLE and (row.sku_id, row.owner, row.lot) in self._expired

    def _at(self, key: RowKey) -> datetime:
        """The instant that is spoken of."""
        return self._own_instants.get(key, self._as_of)

    def _moved_since(self, rows: Sequence[StockRow]) -> dict[int, int]:
        """What happened to rows after the instant that is spoken of."""
        instants = self._own_instants
        own = [(row.stock_id, at) for row in rows if (at := instants.get(key_of(row)))] if instants else []
        if not own:
            return store.load_moved_after(self._tx, [row.stock_id for row in rows], self._as_of) if rows else {}
        others = [row.stock_id for row in rows if key_of(row) not in self._own_instants]
        moved = store.load_moved_after(self._tx, others, self._as_of) if others else {}
        return moved | store.load_moved_after_each(self._tx, own)

    def lock(self, holders: Sequence[int] | None = None) -> None:
        """Lock the SKUs, and those that are components of the holders' lines; then read what is true."""
        tx = self._tx
        holders = self.load_holders() if holders is None else holders
        beside = store.load_demands(tx, holders) if holders else []
        self._locked = {*self._sku_ids, *(one.sku_id for one in beside)}
        store.lock_items(tx, sorted(self._locked))
        self._check_tracking()
        rows = store.load_rows(tx, sorted(self._locked), self._site.site_id)
        self._refuse_serials_elsewhere()
        self._stated = [*self._stated, *self._not_named(rows)]
        self._book = open_book(tx, rows)
        wanted = {one.key for one in self._stated}
        known = [row for row in rows if key_of(row) in wanted]
        self._balances = {key_of(row): self._book.balances[row.stock_id] for row in known}
        missing = [one for one in self._stated if one.key not in self._balances]
        for stock_id, one in zip(tx.new_ids(len(missing)), missing, strict=True):
            sku_id, status, owner, lot = one.key
            row = StockRow(stock_id, sku_id, self._site.site_id, status, owner, lot, 0, 0, 0, 0, None)
            self._balances[one.key] = self._book.open(row)
        self._moved = self._moved_since(known)
        self._join_expired(rows)

    def _join_expired(self, rows: Sequence[StockRow]) -> None:
        """What became of an expired lot while it was still called available became of what is said of it; whenever that
        was counted, none of it is available now.
        """
        over = {row.stock_id: self._expired[row.sku_id, row.owner, row.lot] for row in rows if self._is_over(row)}
        if not over:
            return
        instants = [(stock_id, self._at(key)) for stock_id, key in over.items()]
        for stock_id, units in store.load_moved_after_each(self._tx, instants).items():
            expired = self._balances[over[stock_id]].row.stock_id
            self._moved[expired] = self._moved.get(expired, 0) + units
        self._moved |= dict.fromkeys(over, 0)
        for stock_id, key in over.items():
            counted_at = self._book.balances[stock_id].counted_at
            if counted_at is not None and counted_at > self._at(key):
                self._counted_later.add(key)

    def _check_tracking(self) -> None:
        """A SKU whose tracking changed while its first stock came is read again."""
        now = load_tracking(self._tx, [sku.sku_id for sku in self._meaning.skus.values()])
        if now != {sku_id: sku.tracking for sku_id, sku in self._tracked.items()}:
            raise store.StockMoved("how a SKU is tracked was changed meanwhile: to be read again")

    def _refuse_serials_elsewhere(self) -> None:
        """A serial number is at one place: a row that says it is here while it is at another site is not applied."""
        if not self._serials:
            return
        seen = {(one.sku_id, one.lot) for one in self._stated if one.quantity and one.sku_id in self._serials}
        if not seen:
            return
        elsewhere = {
            (row.sku_id, row.lot): row
            for row in store.load_rows(self._tx, sorted({sku_id for sku_id, _ in seen}))
            if row.site_id != self._site.site_id and row.quantity and (row.sku_id, row.lot) in seen
        }
        for one in self._stated:
            row = elsewhere.get((one.sku_id, one.lot)) if one.quantity else None
            if row is not None:
                site = self._network.sites[row.site_id].code
                problem = (
                    f"serial {one.lot} lies at {site} ({row.status}): take it out there, or transfer it, then retry"
                )
                self.refused.append(Refused(one.row, one.sku, problem, SERIAL))
        self._stated = [one for one in self._stated if not one.quantity or (one.sku_id, one.lot) not in elsewhere]

    def decide(self) -> Verdict:
        """What the statements mean."""
        stated = [one for one in self._stated if one.key not in self._counted_later]
        verdict = decide_snapshot(stated, self._balances, self._moved, self._meaning.units, self._as_of)
        return replace(verdict, stale=verdict.stale + len(self._counted_later))

    def judge(self, verdict: Verdict, message_id: int, *, is_whole: bool, left_out: Collection[RowKey]) -> Verdict:
        """Ask about what differs by more than the site may, and about zeros that would empty too much of it.

        What waits for the answer is not part of what is done.
        """
        rule = snapshot_rule(load_applied(self._tx).configuration.snapshots, self._site.code)
        costs = {sku.sku_id: sku.cost_minor or 0 for sku in self._meaning.skus.values()}
        gone, spoken = judge_emptied(verdict, self._book.balances, costs, left_out)
        emptied = gone if self._is_too_much(gone, spoken, rule, is_whole=is_whole) else []
        differing = judge_differences(verdict, self._book.balances, costs, rule) if rule.has_tolerance else []
        waits = {one.stock_id for one in (*emptied, *(differing if rule.above == "wait" else ()))}
        beyond = list({one.stock_id: one for one in (*emptied, *differing)}.values())
        differ = {one.stated.sku_id for one in beyond}
        agree = {one.sku_id for _, _, one in verdict.targets} - differ
        tell_beyond(self._tx, self._site, message_id, beyond, agree, waits)
        if not waits:
            return verdict
        return replace(verdict, targets=tuple(target for target in verdict.targets if target[0] not in waits))

    def _is_too_much(self, gone: Sequence[Beyond], spoken: Size, rule: SnapshotRule, *, is_whole: bool) -> bool:
        """Whether zeros would empty so much that a person has to say so: of what is spoken of, and of the site."""
        size = Size(len(gone), sum(one.expected for one in gone))
        is_much = is_large(size, spoken, rule)
        if not is_much and not is_all(size, spoken):
            return False
        statuses = {one.stated.status for one in gone}
        site = Size(*load_site_size(self._tx, self._site.site_id, statuses))
        return is_all(size, site) or (is_much and (is_whole or is_large(size, site, rule)))

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
        cause = Cause(self._reason, self._reason, *self._source, self._as_of, None)
        for stock_id, real, one in verdict.targets:
            balance = self._book.balances[stock_id]
            at = balance.counted_at = self._at(one.key) if self._own_instants else self._as_of
            delta = settle(balance, real)
            taken.append(Taken(one.row, stock_id, one.sku_id, delta))
            if delta:
                if at is not cause.occurred_at or one.cost_minor != cause.cost_minor:
                    cause = Cause(self._reason, self._reason, *self._source, at, one.cost_minor)
                self._book.move(stock_id, delta, cause)
        self._count_bins(verdict)
        self._explain_unnamed(taken)
        return taken

    def _explain_unnamed(self, taken: Sequence[Taken]) -> None:
        """What left of no named lot is explained by what is stated of the lots."""
        balances = self._book.balances.values() if self._tracked else ()
        unnamed = [one for one in balances if is_unnamed(one, self._tracked)]
        if unnamed:
            moved = self._moved_since([one.row for one in unnamed])
            explain_unnamed(unnamed, balances, {one.stock_id: one.delta for one in taken}, moved)

    def _count_bins(self, verdict: Verdict) -> None:
        """Note what is said of the bins of rows, with what moved among them since."""
        said = {stock_id: one for stock_id, _, one in verdict.targets if one.key in self._bins} if self._bins else {}
        if not said:
            return
        self._bins_counted = {stock_id: self._at(one.key) for stock_id, one in said.items()}
        wanted = {stock_id: dict(self._bins[one.key]) for stock_id, one in said.items()}
        for stock_id, code, units in bin_store.load_moved_after(self._tx, self._bins_counted):
            # Of what is picked, what is not stated stays as it is.
            if code != FETCHED or code in wanted[stock_id]:
                wanted[stock_id][code] = max(0, wanted[stock_id].get(code, 0) + units)
        for stock_id, bins in wanted.items():
            cause = Cause(self._reason, self._reason, *self._source, self._bins_counted[stock_id])
            self._book.notes.stated[stock_id] = InBins(bins, cause)

    def write(self) -> None:
        """Write lots, rows, ledgers, demand and events; open and close the cases of what is missing."""
        record_lots(self._tx, self._lots.values(), self._network)
        write_book(self._tx, self._book)
        bin_store.note_counts(self._tx, self._bins_counted)
        close_lacking(self._tx, self._bins_counted)
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
