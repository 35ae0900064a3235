"""Goods that move: what is on its way and what of it is late, receiving it, and the ledger of moves."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from stocktower import access, catalog, exchange, inventory
from stocktower.inventory import NotUsable
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.web import labels
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.forms import FilledForm
from stocktower.web.problems import Unprocessable

PAGE = 50
MOVES = 100
COMING = (
    Word("sku", "exact code of a SKU"),
    Word("site", "code of the site that it goes to"),
    Word("reference", "number of the order, advice or transfer"),
    Word("is", "late: should be there by now", ("late",)),
    Word("state", "open is what is shown without it", ("open", "received", "closed", "cancelled")),
)
COMING_VIEWS = (("On its way", ""), ("Late", "is:late"), ("Closed short", "state:closed"))
LEDGER = (
    Word("sku", "exact code of a SKU"),
    Word("site", "code of a site"),
    Word("reason", "receipt, transfer, assembly, count, shipped, status_change, or the code of an adjustment's reason"),
)
LEDGER_VIEWS = (
    ("All", ""), ("Receipts", "reason:receipt"), ("Transfers", "reason:transfer"),
    ("Assemblies", "reason:assembly"), ("Counts", "reason:count"), ("Found and missing", "reason:discrepancy"),
)  # fmt: skip


def receive_href(reference: str, site: str) -> str:
    """Where an inbound is received."""
    return f"/inbound/receive?{urlencode({'reference': reference, 'site': site})}"


def site_of(network: Network, wanted: Filter) -> int:
    """The site that a filter names; 0 where it names none, -1 where there is none of this code."""
    code = wanted.one("site")
    return network.site_ids.get(code, -1) if code else 0


@get("/inbound", sync_to_thread=True)
def inbound_page(desk: AtDesk, q: FromQuery[str] = "", page: FromQuery[int] = 1) -> Response[str]:
    """What is on its way, the soonest first."""
    wanted = parse_filter(q, COMING)
    with desk.reading() as tx:
        network = desk.network(tx)
        filters = inventory.ComingFilter(
            wanted.one("sku"), wanted.one("reference"), site_of(network, wanted), "late" in wanted.many("is"),
            wanted.one("state") or "open",
        )  # fmt: skip
        offset = max(0, page - 1) * PAGE
        found = inventory.load_coming_page(tx, filters, limit=PAGE, offset=offset)
        late = inventory.load_coming_page(tx, inventory.ComingFilter(late=True), limit=1).total
        sent = [row.inbound.reference for row in found.rows if row.inbound.kind == inventory.TRANSFER]
        reference = wanted.one("reference")
        return desk.show(
            tx, "inbound.html", title="Inbound", filter=wanted, vocabulary=COMING, views=COMING_VIEWS, rows=found.rows,
            total=found.total, late=late, number_of_page=max(1, page), has_more=found.total > offset + PAGE,
            transfers=ledger.find_transfers(tx, sent), paper_href=labels.paper_href,
            receipts=ledger.load_receipts_of(tx, reference) if reference else (), receive_href=receive_href,
            sku_href=labels.sku_href, may_act=desk.may(access.Permission.ADJUST_STOCK),
        )  # fmt: skip


class ReceiveLine(msgspec.Struct, frozen=True):
    """A line of the form: what is open of a SKU."""

    sku: str
    name: str
    open: int
    bins: tuple[str, ...] = ()
    """Where it lies at a site that keeps bins."""


@get("/inbound/receive", sync_to_thread=True)
def receive_page(desk: AtDesk, reference: FromQuery[str] = "", site: FromQuery[str] = "") -> Response[str]:
    """The form for a delivery, with what is open of its inbound."""
    return _show_form(desk, reference, site)


@post("/inbound/receive", sync_to_thread=True, status_code=200)
def receive_act(
    desk: AtDesk, form: FilledForm, reference: FromQuery[str] = "", site: FromQuery[str] = ""
) -> Response[str]:
    """Show what a delivery would do, or enter it."""
    dry_run = form.get("how") != "do"
    try:
        desk.require(access.Permission.ADJUST_STOCK)
        document = document_of(form.values, reference, site)
        with desk.writing(dry_run=dry_run) as tx:
            done = inventory.state_receipt(tx, document)
        title = f"{document.reference} would be {done.state}" if dry_run else f"{document.reference} is {done.state}"
        changes = [f"{done.units:+,} units at {site}"]
        changes += [f"{line.quantity:,} of {line.sku} put into {line.bin}" for line in document.lines if line.bin]
        if document.complete:
            changes.append(f"nothing more of {reference} is expected at {site}; what is missing opens a case")
        result = Result(title, dry_run, changes)
    except NotUsable as error:
        result = Result("Not done", dry_run, problem=f"{error.problem}; {error.fix}")
    except (Unprocessable, access.PermissionDenied) as refusal:
        result = Result("Not done", dry_run, problem=str(refusal))
    return _show_form(desk, reference, site, form.values, result)


def document_of(values: dict[str, str], inbound: str, site: str) -> exchange.ReceiptDocument:
    """The delivery that a form states; raises Unprocessable."""
    lines: list[exchange.ReceiptLine] = []
    for name, text in values.items():
        kind, _, sku = name.partition("/")
        if kind != "good" or not sku:
            continue
        good, damaged = whole(text, sku), whole(values.get(f"damaged/{sku}", ""), sku)
        if good or damaged:
            lines.append(exchange.ReceiptLine(sku, good, damaged, bin=values.get(f"bin/{sku}", "").strip()))
    extra = values.get("sku", "").strip()
    if extra:
        place = values.get("bin", "").strip()
        lines.append(exchange.ReceiptLine(extra, whole(values.get("quantity", ""), extra), bin=place))
    if not lines and not values.get("complete"):
        raise Unprocessable("nothing is entered: write how many came", field="quantity")
    return exchange.ReceiptDocument(
        values.get("note", "").strip(), site, tuple(lines), inbound, complete=bool(values.get("complete"))
    )


def whole(text: str, sku: str) -> int:
    """A number of units; raises Unprocessable."""
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise Unprocessable(f"{sku}: {text!r} is not a whole number of units", field="quantity")
    return int(text)


def _show_form(
    desk: Desk, reference: str, site: str, values: dict[str, str] | None = None, result: Result | None = None
) -> Response[str]:
    with desk.reading() as tx:
        network = desk.network(tx)
        site = site or _only_site(tx, network, reference)
        lines = _lines(tx, network, reference, site) if reference else []
        return desk.show(
            tx, "receive.html", status=422 if result and result.problem else 200, title=f"Receive {reference}".strip(),
            reference=reference, site=site, lines=lines, values=values or {}, result=result,
            sites=[one for one in network.sites.values() if one.kind != "dropship"],
            href=receive_href(reference, site), may_act=desk.may(access.Permission.ADJUST_STOCK),
            keeps_bins=_keeps_bins(network, site),
        )  # fmt: skip


def _only_site(tx: Transaction, network: Network, reference: str) -> str:
    """The site that all of an inbound goes to; nothing where there are several, or none."""
    if not reference:
        return ""
    found = inventory.load_coming_page(tx, inventory.ComingFilter(reference=reference), limit=500)
    sites = {row.inbound.site_id for row in found.rows if row.inbound.kind != inventory.TRANSFER}
    return network.sites[sites.pop()].code if len(sites) == 1 else ""


def _keeps_bins(network: Network, site: str) -> bool:
    site_id = network.site_ids.get(site)
    return site_id is not None and network.sites[site_id].bins


def _lines(tx: Transaction, network: Network, reference: str, site: str) -> list[ReceiveLine]:
    filters = inventory.ComingFilter(reference=reference, site_id=network.site_ids.get(site, 0))
    found = inventory.load_coming_page(tx, filters, limit=500)
    skus = catalog.load_skus(tx, {row.inbound.sku_id for row in found.rows})
    left: dict[int, int] = {}
    for row in found.rows:
        if row.inbound.kind != inventory.TRANSFER:
            left[row.inbound.sku_id] = left.get(row.inbound.sku_id, 0) + row.inbound.open
    bins = _bins_of(tx, network.site_ids[site], left) if _keeps_bins(network, site) else {}
    return [
        ReceiveLine(skus[sku_id].code, skus[sku_id].name, units, bins.get(sku_id, ())) for sku_id, units in left.items()
    ]


def _bins_of(tx: Transaction, site_id: int, sku_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """In which bins of a site SKUs lie in good order, as people walk."""
    rows = [
        row
        for row in inventory.load_rows_of(tx, sorted(sku_ids))
        if row.binned and row.site_id == site_id and row.status == inventory.AVAILABLE
    ]
    bins = ledger.load_bins(tx, [row.stock_id for row in rows])
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.sku_id, set()).update(one.bin for one in bins.get(row.stock_id, ()))
    return {
        sku_id: tuple(sorted(codes - {ledger.FETCHED}, key=ledger.walking_order)) for sku_id, codes in found.items()
    }


@get("/moves", sync_to_thread=True)
def moves_page(desk: AtDesk, q: FromQuery[str] = "", before: FromQuery[str] = "") -> Response[str]:
    """The ledger of moves, the last recorded first: each with what says so."""
    wanted = parse_filter(q, LEDGER)
    with desk.reading() as tx:
        network = desk.network(tx)
        code = wanted.one("sku")
        sku = catalog.find_skus(tx, [code]).get(code) if code else None
        moves: Sequence[inventory.MoveRow] = ()
        if sku is not None or not code:
            filters = inventory.MoveFilter(
                sku.sku_id if sku else 0, site_of(network, wanted), wanted.one("reason"), before=instant(before)
            )
            moves = inventory.load_move_rows(tx, filters, MOVES)
        subjects = {(one.reference, one.reference_id) for one in moves if one.reference and one.reference_id}
        return desk.show(
            tx, "moves.html", title="Moves", filter=wanted, vocabulary=LEDGER, views=LEDGER_VIEWS, moves=moves,
            skus=catalog.load_skus(tx, {one.sku_id for one in moves}), sku_href=labels.sku_href,
            history_href=labels.history_href, references=labels.of_subjects(tx, network, subjects),
            older=moves[-1].recorded_at.isoformat() if len(moves) == MOVES else "",
        )  # fmt: skip


def instant(text: str) -> datetime | None:
    """An instant of a page's address; None where it is none."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
