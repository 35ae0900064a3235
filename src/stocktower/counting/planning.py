"""Plans what a site counts: by a person, or each morning by itself."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from stocktower import access, catalog, inventory, model
from stocktower.fulfillment import views as requests
from stocktower.kernel import convert
from stocktower.model import Counting
from stocktower.network import SiteFacts, load_network
from stocktower.platform import Transaction, schedule, unschedule

from . import places, rules, sheets, store
from .model import Planned, PlannedLine, RowFacts, Sheet
from .sheets import CountRefused

PLAN = "count.plan"
"""Kind of due work: a site's sheet of the day; the key is the site."""
MOST_LINES = 1_000


class _NothingLeft(Exception):
    """Every row is on another sheet by now: the new one is undone."""


class Costs:
    """What units are worth by the catalogue, in the book currency of who owns a site's goods."""

    def __init__(self, tx: Transaction, site: SiteFacts, skus: Mapping[int, catalog.Sku]) -> None:
        self._configuration = model.load_applied(tx).configuration
        self._book = next(one.currency for one in self._configuration.entities if one.code == site.entity)
        self._day = rules.own_day(tx.now, site.timezone)
        self._skus = skus

    def of(self, sku_id: int) -> int | None:
        """The unit cost; None where none is stated, or no rate to the book currency."""
        sku = self._skus.get(sku_id)
        if sku is None or sku.cost_minor is None or sku.currency in ("", self._book):
            return sku.cost_minor if sku else None
        try:
            rate = model.rate(self._configuration, sku.currency, self._book, self._day)
        except model.RateMissing:
            return None
        return convert(sku.cost_minor, rate, sku.currency, self._book)


def plan(tx: Transaction, site: str, *, lines: int | None = None, skus: Sequence[str] = ()) -> Planned:
    """Make the sheet of a site: what is due and fits into its day (or `lines`), or the rows of some SKUs, due or not.

    Raises CountRefused. What is on an unfinished sheet is on no other.
    """
    facts = site_to_count(tx, site)
    settings = sheets.settings_of(tx)
    if lines is not None and not 1 <= lines <= MOST_LINES:
        raise CountRefused(f"{lines} lines", field="lines", fix=f"state 1 to {MOST_LINES:,}")
    planned = _asked(tx, facts, settings, skus) if skus else _due(tx, facts, settings, lines)
    if planned.number is not None:
        data = {"site": facts.code, "sheet": planned.number, "lines": len(planned.lines), "skus": list(skus)}
        access.record_act(tx, "count.plan", "site", facts.site_id, data)
    return planned


def site_to_count(tx: Transaction, code: str) -> SiteFacts:
    """A site whose own people count; raises CountRefused."""
    network = load_network(tx)
    known = ", ".join(sorted(site.code for site in network.sites.values() if _counts(site)))
    site_id = network.site_ids.get(code)
    if site_id is None:
        raise CountRefused(f"{code or 'nothing'} is not a site", field="site", fix=f"name one of {known}")
    site = network.sites[site_id]
    if not _counts(site):
        raise CountRefused(
            f"what lies at {code} ({site.kind}) is counted by who holds it",
            field="site",
            fix=f"import their stock file, or name one of {known}",
        )
    return site


def _counts(site: SiteFacts) -> bool:
    return site.active and site.kind in rules.COUNTED_KINDS


def load_facts(tx: Transaction, site: SiteFacts, settings: Counting) -> list[RowFacts]:
    """The rows of a site that we own, as the plan sees them."""
    since = tx.now - timedelta(days=settings.window_days)
    rows = [
        row
        for row in inventory.load_site_rows(tx, site.site_id, since)
        if row.owner == inventory.OWN and row.status != sheets.IN_TRANSIT
    ]
    skus = catalog.load_skus(tx, {row.sku_id for row in rows})
    # What is tracked is counted lot by lot, each a row of its own.
    rows = [row for row in rows if row.sku_id in skus and (skus[row.sku_id].tracking == "none") == (not row.lot)]
    costs = Costs(tx, site, skus)
    counted = store.load_last_counts(tx, site.site_id)
    sought = requests.load_short_picks(tx, site.site_id, since)
    missed = {
        sku_id: at
        for sold_id, kit in catalog.load_resolved(tx, sought).items()
        for at in (sought[sold_id],)
        for sku_id, _ in kit.components
    }
    found: list[RowFacts] = []
    for row in rows:
        surprises = [row.surprised_at, missed.get(row.sku_id) if row.status == inventory.AVAILABLE else None]
        found.append(
            RowFacts(
                sku_id=row.sku_id,
                status=row.status,
                lot=row.lot,
                quantity=row.quantity - row.discrepancy,
                discrepancy=row.discrepancy,
                cost_minor=costs.of(row.sku_id),
                shipped=row.shipped,
                opened_at=row.opened_at,
                moved_at=row.moved_at,
                surprised_at=max((at for at in surprises if at is not None), default=None),
                counted_at=counted.get((row.sku_id, row.status, row.lot)),
            )
        )
    return found


def _due(tx: Transaction, site: SiteFacts, settings: Counting, lines: int | None) -> Planned:
    day = rules.own_day(tx.now, site.timezone)
    room = lines if lines is not None else rules.room_today(settings, *store.count_planned(tx, site.site_id, day))
    under_way = store.load_under_way(tx, site.site_id)
    due = [
        line
        for line in rules.decide_plan(load_facts(tx, site, settings), settings, tx.now)
        if line.row.key not in under_way
    ]
    chosen = _fitting(places.by_place(tx, site, due[:room]), room)
    sheet = _make(tx, site, "plan", chosen) if chosen else None
    rows = sum(1 for line in chosen if line.leads)
    return Planned(site.code, sheet.number if sheet else None, tuple(chosen), len(due) - rows)


def _fitting(lines: Sequence[PlannedLine], room: int) -> list[PlannedLine]:
    """The lines of the first rows that fit into a day, in walking order; of one row at least, however many places."""
    chosen: list[PlannedLine] = []
    of_row: list[PlannedLine] = []
    for line in (*lines, None):
        if of_row and (line is None or line.leads):
            if chosen and len(chosen) + len(of_row) > room:
                break
            chosen += of_row
            of_row = []
        if line is not None:
            of_row.append(line)
    return places.in_walking_order(chosen)


def _asked(tx: Transaction, site: SiteFacts, settings: Counting, codes: Sequence[str]) -> Planned:
    """The rows of some SKUs, also of those that were never there."""
    found = sheets.find_items(tx, codes)
    for code in codes:
        if code not in found:
            raise CountRefused(f"{code} is no SKU", field="sku", fix="name it by its code or barcode")
        sheets.check_countable(found[code])
    facts = load_facts(tx, site, settings)
    grades = rules.grade_rows(facts, settings)
    wanted = {sku.sku_id: sku for sku in found.values()}
    rows = [row for row in facts if row.sku_id in wanted]
    costs, there = Costs(tx, site, wanted), {row.key for row in rows}
    rows += [
        empty_row(sku_id, costs)
        for sku_id, sku in wanted.items()
        if sku.tracking == "none" and (sku_id, inventory.AVAILABLE, inventory.NO_LOT) not in there
    ]
    if not rows:
        raise CountRefused(f"no lot of it was ever at {site.code}", field="sku", fix="count it where it lies")
    under_way = store.load_under_way(tx, site.site_id)
    taken = sorted({under_way[row.key] for row in rows if row.key in under_way})
    rows = [row for row in rows if row.key not in under_way]
    if not rows:
        numbers = ", ".join(map(str, taken))
        raise CountRefused(f"they are on sheet {numbers} already", field="sku", fix="count them there")
    asked = [PlannedLine(row, grades.get(row.sku_id, rules.C), "asked") for row in rows]
    chosen = places.in_walking_order(places.by_place(tx, site, asked))
    sheet = _make(tx, site, "asked", chosen)
    return Planned(site.code, sheet.number if sheet else None, tuple(chosen), 0)


def empty_row(sku_id: int, costs: Costs, status: str = inventory.AVAILABLE, lot: str = inventory.NO_LOT) -> RowFacts:
    """A row that is not there."""
    return RowFacts(sku_id, status, lot, 0, 0, costs.of(sku_id), 0, None, None, None, None)


def _make(tx: Transaction, site: SiteFacts, origin: str, lines: Sequence[PlannedLine]) -> Sheet | None:
    """Write a sheet; None when another took all of its rows in the same moment."""
    try:
        with tx.savepoint():
            day = rules.own_day(tx.now, site.timezone)
            sheet = Sheet(
                tx.new_id(),
                store.take_number(tx),
                site.site_id,
                origin,
                day,
                "open",
                tx.now,
                tx.actor,
                None,
                None,
                None,
            )
            store.insert_sheet(tx, sheet)
            taken = store.insert_lines(tx, sheet.sheet_id, site.site_id, lines)
            if not taken:
                raise _NothingLeft
            data = {"origin": origin, "lines": len(taken)}
            tx.emit(sheets.event(tx, "count.planned", sheet, tx.now, data))
            return sheet
    except _NothingLeft:
        return None


def schedule_plans(tx: Transaction) -> None:
    """Have every counting site look at what is due on its next morning, or none, as the configuration says."""
    settings = sheets.settings_of(tx)
    sites = load_network(tx).sites.values()
    mornings = [
        (site.site_id, rules.next_morning(tx.now, site.timezone, settings.plan_at))
        for site in sites
        if settings.every_morning and _counts(site)
    ]
    unschedule(tx, PLAN, sorted({site.site_id for site in sites} - {site_id for site_id, _ in mornings}))
    schedule(tx, PLAN, mornings)


def plan_due(tx: Transaction, site_ids: Sequence[int]) -> None:
    """The sheets of the day of some sites, and their next mornings."""
    settings = sheets.settings_of(tx)
    network = load_network(tx)
    for site_id in sorted(site_ids):
        site = network.sites.get(site_id)
        if site is not None and _counts(site) and settings.every_morning:
            _due(tx, site, settings, None)
            schedule(tx, PLAN, [(site_id, rules.next_morning(tx.now, site.timezone, settings.plan_at))])


def found_lines(
    tx: Transaction, site: SiteFacts, sku: catalog.Sku, status: str, lot: str, code: str | None
) -> list[PlannedLine]:
    """The lines of something that lay there and is not on the sheet; at a site with bins all places of its row too."""
    (held,) = inventory.load_held_at(tx, site.site_id, [(sku.sku_id, status, lot, tx.now)])
    row = empty_row(sku.sku_id, Costs(tx, site, {sku.sku_id: sku}), status, lot)
    lines = places.by_place(tx, site, [PlannedLine(replace(row, quantity=held), rules.C, "found")])
    if site.bins and (code or places.IN_NO_BIN) not in [line.bin for line in lines]:
        lines.append(replace(lines[0], bin=code or places.IN_NO_BIN, held=0, leads=False))
    return lines
