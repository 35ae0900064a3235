"""The availability grid: SKU by site and status, owners and lots one click away; all of its state in the URL."""

from datetime import timedelta

import msgspec
from litestar import Response

from stocktower import insight
from stocktower.insight import GridAsked, GridPage
from stocktower.inventory import Basis, Moment, Wanted
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.web.desk import Desk
from stocktower.web.filters import Filter, Word
from stocktower.web.pages.moments import moment_asked

BY = {"site": "By site and status", "lot": "With owner and lot"}
SORTS = ("on_hand", "allocated", "free")
WORDS = (
    Word("site", "code of a site"),
    Word("status", "of the stock: available, quarantine, damaged, or one of your own"),
    Word("owner", "own, supplier, or a consignor"),
    Word("lot", "of the stock"),
    Word("bin", "codes of bins, or of zones, in which it lies now"),
    Word("category", "of the SKU"),
    Word("free", "units that are not allocated", compares="number"),
    Word("expires", "its lot expires within this time", compares="span"),
)
ROW_WORDS = frozenset(word.name for word in WORDS)
VIEWS = (
    ("All", ""),
    ("Orders wait for it", "is:waiting"),
    ("Told is not true", "is:told_wrong"),
    ("Not for sale", "status:quarantine,damaged,returns_hold,expired"),
    ("Expires in a month", "expires<30d"),
)


class GridShown(msgspec.Struct, frozen=True):
    """A page of the grid, and what of its question was not understood."""

    page: GridPage
    problems: tuple[str, ...]
    moment: Moment | None


def is_about_rows(wanted: Filter) -> bool:
    """Whether a sentence asks for stock rows, and not for SKUs."""
    return bool(ROW_WORDS & wanted.words.keys()) or any(one.name in ROW_WORDS for one in wanted.comparisons)


def read_asked(tx: Transaction, network: Network, wanted: Filter, *, detail: bool) -> tuple[GridAsked, list[str]]:
    """What a sentence asks for, and its words that mean nothing here."""
    problems: list[str] = []
    site_ids: list[int] = []
    codes = {site.code: site_id for site_id, site in network.sites.items()}
    for code in wanted.many("site"):
        if code in codes:
            site_ids.append(codes[code])
        else:
            problems.append(f"site:{code} is not a site; one of {', '.join(sorted(codes))}")
    if len(wanted.many("category")) > 1:
        problems.append("category: one at a time")
    within = wanted.below("expires")
    if wanted.above("expires") is not None:
        problems.append("expires: write expires<30d")
    rows = Wanted(
        site_ids=tuple(site_ids),
        statuses=wanted.many("status"),
        owners=wanted.many("owner"),
        lots=wanted.many("lot"),
        above=_bound(wanted, ">"),
        below=_bound(wanted, "<"),
        expires_until=None if within is None else tx.now + timedelta(seconds=within),
        stock_ids=frozenset(stock_id for _, stock_id in ledger.load_rows_in_bins(tx, wanted.many("bin")))
        if wanted.many("bin")
        else None,
    )
    asked = GridAsked(
        wanted=rows, skus=wanted.many("sku"), text=wanted.free, category=wanted.one("category"),
        waiting="waiting" in wanted.many("is"), told_wrong="told_wrong" in wanted.many("is"), detail=detail,
    )  # fmt: skip
    return asked, problems


def _bound(wanted: Filter, side: str) -> int | None:
    """A bound of what is free that is not reached itself: free<=5 is free<6."""
    step = 1 if side == "<" else -1
    bounds = [
        one.amount + (step if one.operator.endswith("=") else 0)
        for one in wanted.comparisons
        if one.name == "free" and one.operator.startswith(side)
    ]
    return (min(bounds) if side == "<" else max(bounds)) if bounds else None


def load_shown(
    desk: Desk, tx: Transaction, wanted: Filter, *, by: str, sort: str, after: str, at: str, basis: Basis
) -> GridShown:
    """The page of the grid that is asked for; for page and API."""
    moment = moment_asked(desk, tx, at, basis)
    asked, problems = read_asked(tx, desk.network(tx), wanted, detail=by == "lot" or bool(sort))
    if moment and (asked.waiting or asked.told_wrong):
        problems.append("is: is about now; take it or the instant out")
        asked = msgspec.structs.replace(asked, waiting=False, told_wrong=False)
    figure = sort.removeprefix("-")
    if sort and moment:
        problems.append("sorted by figures it is about now; in the past it is sorted by SKU")
    if sort and figure not in SORTS:
        problems.append(f"sort={sort} is not a column; one of {', '.join(SORTS)}, with - for the most first")

    try:
        if figure in SORTS and moment is None:
            page = insight.load_grid_by_figure(tx, asked, figure, descending=sort.startswith("-"), after=after)
        else:
            page = insight.load_grid(tx, asked, moment, after=after)
    except ValueError:
        problems.append(f"after={after} is no place in this list; it begins at the top")
        page = insight.load_grid(tx, asked, moment)
    return GridShown(page, tuple(problems), moment)


def grid_page(
    desk: Desk, wanted: Filter, vocabulary: tuple[Word, ...], *, by: str, sort: str, after: str, at: str, basis: Basis
) -> Response[str]:
    """The grid as a page."""
    with desk.reading() as tx:
        shown = load_shown(desk, tx, wanted, by=by, sort=sort, after=after, at=at, basis=basis)
        asked = msgspec.structs.replace(wanted, problems=(*wanted.problems, *shown.problems))
        rows = shown.page.rows
        return desk.show(
            tx, "grid.html", title="Stock", filter=asked, vocabulary=vocabulary, views=VIEWS, by=by, ways=BY, sort=sort,
            page=shown.page, rows=rows, moment=shown.moment, at=at, basis=basis, is_first=not after,
            detail=by == "lot" or bool(sort), more_href="" if not shown.page.next else shown.page.next,
            sums=(sum(row.on_hand for row in rows), sum(row.allocated for row in rows), sum(row.free for row in rows)),
        )  # fmt: skip
