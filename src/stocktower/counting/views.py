"""Read models of counts: what a counter sees is blind; differences are shown when nothing is left to count."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from stocktower import catalog, inventory, worklist
from stocktower.inventory import views as ledger
from stocktower.kernel import CaseKind
from stocktower.network import Network
from stocktower.platform import Transaction

from . import sheets, store
from .finishing import cause_key
from .model import OPEN, UNFINISHED, Count, Entry, Line, RowKey, Sheet
from .places import walking_key
from .sheets import CountRefused, UnknownSheet


class SheetRow(Struct, frozen=True):
    """A sheet in a list, with how far it is; figures of differences only when nothing is left to count."""

    sheet_id: int
    number: int
    site: str
    origin: str
    planned_on: date
    state: str
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    lines: int
    entered: int
    """Of the lines to count: those that somebody has written a count for."""
    to_count: int
    to_recount: int
    """Of them those that are counted again."""
    differing: int | None
    net_minor: int | None
    absolute_minor: int | None


class CountLine(Struct, frozen=True):
    """A line as a counter sees it: what to count and where, never what is thought to be there."""

    line_no: int
    sku_id: int
    sku: str
    name: str
    barcode: str
    status: str
    lot: str
    stock_unit: str
    units: tuple[tuple[str, int], ...]
    """(unit, stock units in it) that a count may be stated in."""
    round: int
    state: str
    """to_count, entered, other (another person has to count it), or done."""
    by: str
    """Who wrote the count of this round."""
    stated: int | None
    """What was written in this round, shown to who wrote it."""
    unit: str
    sequence: int
    """Of the last entry of this round; 0: none."""
    counted_at: datetime | None
    bins: tuple[str, ...] = ()
    """Where it is thought to lie, at a site that keeps bins; how many, nobody is told."""
    bin: str | None = None
    """The one place of it that is counted here: a bin, or what lies in none (empty); None: the row as a whole."""


class CountSheet(Struct, frozen=True):
    """A sheet as a counter sees it."""

    sheet: Sheet
    site: str
    site_name: str
    lines: tuple[CountLine, ...]
    keeps_bins: bool = False
    """What is found is found in a bin, or in none."""

    @property
    def to_count(self) -> int:
        """Lines that nobody has counted in this round."""
        return sum(1 for line in self.lines if line.state in ("to_count", "other"))


class Variance(Struct, frozen=True):
    """A line with what was expected and what was counted, round by round."""

    line: Line
    sku: str
    name: str
    counts: tuple[Count, ...]

    @property
    def moved_since(self) -> int:
        """What came and went between the making of the sheet and the count."""
        return (self.line.expected or 0) - self.line.book_quantity


class Variances(Struct, frozen=True):
    """A sheet that is counted, with its differences and the case that it waits for."""

    sheet: Sheet
    site: str
    site_name: str
    lines: tuple[Variance, ...]
    case: worklist.Case | None
    counted_by: tuple[str, ...]

    @property
    def net_minor(self) -> int:
        """The value of all differences, at the cost that was known."""
        return sum(one.line.difference_minor for one in self.lines)

    @property
    def absolute_minor(self) -> int:
        """The same without regard to sign."""
        return sum(abs(one.line.difference_minor) for one in self.lines)


class Accuracy(Struct, frozen=True):
    """How right the books were where a site was counted in a month, at catalogue cost."""

    month: str
    """YYYY-MM, in the merchant's zone."""
    site_id: int
    lines: int
    right_lines: int
    expected: int
    difference: int
    """Units, without regard to sign."""
    expected_minor: int
    absolute_minor: int
    net_minor: int

    @property
    def line_permille(self) -> int:
        """Lines right of lines counted, in thousandths."""
        return self.right_lines * 1000 // self.lines

    @property
    def value_permille(self) -> int | None:
        """1 - value that differed / value expected, in thousandths, never below 0; None where nothing was expected."""
        if not self.expected_minor:
            return None
        return max(0, 1000 - self.absolute_minor * 1000 // self.expected_minor)


def list_sheets(
    tx: Transaction, network: Network, *, site: str = "", closed: bool = False, limit: int = 50, offset: int = 0
) -> list[SheetRow]:
    """Unfinished or closed sheets of a site or of all, the newest first. Raises CountRefused for an unknown site."""
    site_id = _site_id(network, site)
    found: list[SheetRow] = []
    for row in store.list_sheets(tx, site_id, unfinished=not closed, limit=limit, offset=offset):
        sheet_id, number, at_site, *rest = row
        if rest[2] == OPEN:
            rest[-3:] = [None, None, None]
        found.append(SheetRow(sheet_id, number, _code(network, at_site), *rest))
    return found


def count_sheets(tx: Transaction, network: Network, site: str = "") -> tuple[int, int]:
    """(unfinished, closed) sheets."""
    return store.count_sheets(tx, _site_id(network, site))


def _site_id(network: Network, site: str) -> int:
    if site and site not in network.site_ids:
        known = ", ".join(sorted(network.site_ids))
        raise CountRefused(f"{site} is not a site", field="site", fix=f"name one of {known}")
    return network.site_ids[site] if site else 0


def _code(network: Network, site_id: int) -> str:
    return network.sites[site_id].code if site_id in network.sites else str(site_id)


def _name(network: Network, site_id: int) -> str:
    return network.sites[site_id].name if site_id in network.sites else str(site_id)


def load_sheet(tx: Transaction, network: Network, number: int, *, reader: str) -> CountSheet:
    """A sheet as `reader` may see it while it is counted; raises UnknownSheet."""
    sheet = store.find_sheet(tx, number)
    if sheet is None:
        raise UnknownSheet(number)
    lines = store.load_lines(tx, sheet.sheet_id)
    entries: dict[int, list[Entry]] = {}
    for entry in store.load_entries(tx, sheet.sheet_id):
        entries.setdefault(entry.line_no, []).append(entry)
    ids = {line.sku_id for line in lines}
    skus, units = catalog.load_skus(tx, ids), catalog.load_units(tx, ids)
    same_person = sheets.settings_of(tx).same_person_recounts
    bins = _bins(tx, network, sheet.site_id, ids)
    shown = [
        _blind(
            line, entries.get(line.line_no, ()), skus[line.sku_id], units.get(line.sku_id, {}), reader, same_person,
            ((line.bin,) if line.bin else ()) if line.by_bin else bins.get(line.key, ()),
        )
        for line in lines
    ]  # fmt: skip
    # As people walk; what lies in no bin comes last, in the order of the lines.
    shown.sort(key=lambda line: (walking_key(line.bins[0] if line.bins else None), line.line_no))
    site = network.sites.get(sheet.site_id)
    keeps_bins = site is not None and site.bins
    return CountSheet(sheet, _code(network, sheet.site_id), _name(network, sheet.site_id), tuple(shown), keeps_bins)


def _bins(tx: Transaction, network: Network, site_id: int, sku_ids: set[int]) -> dict[RowKey, tuple[str, ...]]:
    """In which bins the rows of a site lie, in walking order; nothing where it keeps none."""
    site = network.sites.get(site_id)
    if site is None or not site.bins:
        return {}
    rows = [
        row
        for row in inventory.load_rows_of(tx, sorted(sku_ids))
        if row.binned and row.site_id == site_id and row.owner == inventory.OWN
    ]
    bins = ledger.load_bins(tx, [row.stock_id for row in rows])
    return {(row.sku_id, row.status, row.lot): tuple(one.bin for one in bins.get(row.stock_id, ())) for row in rows}


def _blind(
    line: Line, entries: Sequence[Entry], sku: catalog.Sku, units: dict[str, int], reader: str, same_person: bool,
    bins: tuple[str, ...],
) -> CountLine:  # fmt: skip
    current = [one for one in entries if one.round == line.round]
    last = current[-1] if current and line.state == OPEN else None
    before = {one.counted_by for one in entries if one.round < line.round}
    if line.state != OPEN:
        state = "done"
    elif last is not None:
        state = "entered"
    else:
        state = "other" if reader in before and not same_person else "to_count"
    own = last is not None and reader in (last.counted_by, last.recorded_by)
    return CountLine(
        line_no=line.line_no,
        sku_id=line.sku_id,
        sku=sku.code,
        name=sku.name,
        barcode=sku.barcode,
        status=line.status,
        lot=line.lot,
        stock_unit=sku.stock_unit,
        units=tuple(sorted(units.items(), key=lambda item: item[1])),
        round=line.round,
        state=state,
        by=last.counted_by if last else "",
        stated=last.stated if last and own else None,
        unit=last.unit if last and own else "",
        sequence=last.sequence if last else 0,
        counted_at=last.counted_at if last else None,
        bins=bins,
        bin=line.bin if line.by_bin else None,
    )


def load_variances(tx: Transaction, network: Network, number: int) -> Variances:
    """The differences of a sheet; raises UnknownSheet, and CountRefused while anything is left to count."""
    sheet = store.find_sheet(tx, number)
    if sheet is None:
        raise UnknownSheet(number)
    if sheet.state == OPEN:
        raise CountRefused(
            f"sheet {number} is still being counted", field="sheet", fix="its differences are shown when all is counted"
        )
    counts: dict[int, list[Count]] = {}
    for one in store.load_counts(tx, sheet.sheet_id):
        counts.setdefault(one.line_no, []).append(one)
    lines = store.load_lines(tx, sheet.sheet_id)
    skus = catalog.load_skus(tx, {line.sku_id for line in lines})
    found = [
        Variance(line, skus[line.sku_id].code, skus[line.sku_id].name, tuple(counts.get(line.line_no, ())))
        for line in lines
    ]
    found.sort(key=lambda one: (-abs(one.line.difference_minor), -abs(one.line.difference), one.line.line_no))
    people = tuple(sorted({one.counted_by for of_line in counts.values() for one in of_line}))
    case = _case_of(tx, sheet) if sheet.state in UNFINISHED else None
    return Variances(
        sheet, _code(network, sheet.site_id), _name(network, sheet.site_id), tuple(found), case, people
    )  # fmt: skip


def _case_of(tx: Transaction, sheet: Sheet) -> worklist.Case | None:
    found = worklist.load_open_cases_of(tx, "count", [sheet.sheet_id]).get(sheet.sheet_id, [])
    return next(
        (one for one in found if (one.kind, one.cause_key) == (CaseKind.COUNT_APPROVAL, cause_key(sheet.sheet_id))),
        None,
    )


def load_accuracy(tx: Transaction, network: Network, site: str = "") -> list[Accuracy]:
    """How right the books were at each count, by month and site, the newest first; raises CountRefused."""
    return store.load_accuracy(tx, _site_id(network, site), network.timezone or "UTC", Accuracy)


def load_numbers(tx: Transaction, sheet_ids: Sequence[int]) -> dict[int, int]:
    """The numbers of sheets by id."""
    return {sheet.sheet_id: sheet.number for sheet in store.load_sheets_by_id(tx, sheet_ids)} if sheet_ids else {}
