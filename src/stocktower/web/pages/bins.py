"""Bins: what lies where inside the sites that keep them, and putting units away or moving them."""

from litestar import Response, get, post
from litestar.params import FromQuery

from stocktower import access, exchange, insight, inventory
from stocktower.inventory import NotUsable
from stocktower.web import labels
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Word, parse_filter
from stocktower.web.forms import FilledForm
from stocktower.web.pages.goods import whole
from stocktower.web.problems import Unprocessable

LINES = 200
VIEWS = (("What lies where", "/bins"), ("What moved", "/bins/moves"))
WORDS = (
    Word("site", "code of a site that keeps bins"),
    Word("bin", "codes of bins, or of zones: what stands before the first dash; separated by commas"),
    Word("sku", "exact codes, separated by commas"),
)


@get("/bins", sync_to_thread=True)
def bins_page(desk: AtDesk, q: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[str]:
    """What lies in which bin, site by site as people walk."""
    return _show(desk, q, after)


@post("/bins", sync_to_thread=True, status_code=200)
def bins_act(desk: AtDesk, form: FilledForm, q: FromQuery[str] = "") -> Response[str]:
    """Show what a bin move would do, or enter it."""
    dry_run = form.get("how") != "do"
    try:
        desk.require(access.Permission.ADJUST_STOCK)
        document = document_of(form.values)
        with desk.writing(dry_run=dry_run) as tx:
            done = inventory.state_bin_moves(tx, document)
        [line] = document.lines
        where = f"from {line.origin or 'not put away'} to {line.destination or 'not put away'}"
        would = "would be " if dry_run else ""
        title = f"{document.reference}: {would}{done.state}"
        result = Result(title, dry_run, [f"{done.units:,} of {line.sku} at {document.site} {where}"])
    except NotUsable as error:
        result = Result("Not done", dry_run, problem=f"{error.field}: {error.problem}; {error.fix}")
    except (Unprocessable, access.PermissionDenied) as refusal:
        result = Result("Not done", dry_run, problem=str(refusal))
    return _show(desk, q, "", form.values, result)


@get("/bins/moves", sync_to_thread=True)
def bin_moves_page(desk: AtDesk, q: FromQuery[str] = "", before: FromQuery[str] = "") -> Response[str]:
    """What moved in and out of bins, the last recorded first: of a bin, of a SKU's bins, of all."""
    wanted = parse_filter(q, WORDS)
    with desk.reading() as tx:
        network = desk.network(tx)
        codes = [*wanted.many("bin"), *wanted.free.split()]
        try:
            page = insight.load_bin_history(
                tx, network, site=wanted.one("site"), codes=codes, skus=wanted.many("sku"), before=before, limit=LINES
            )
        except insight.BadBinPlace:
            page = insight.BinHistory([], "")
        subjects = {(one.reference, one.reference_id) for one in page.changes if one.reference and one.reference_id}
        return desk.show(
            tx, "bin_moves.html", title="Bin moves", filter=wanted, vocabulary=WORDS, page=page, is_first=not before,
            references=labels.of_subjects(tx, network, subjects), sku_href=labels.sku_href, views=VIEWS,
            history_href=labels.history_href,
        )  # fmt: skip


def document_of(values: dict[str, str]) -> exchange.BinMoveDocument:
    """The bin move that a form states; raises Unprocessable."""
    given = {name: text.strip() for name, text in values.items()}
    for name, words in (("reference", "number"), ("sku", "SKU"), ("quantity", "quantity")):
        if not given.get(name):
            raise Unprocessable(f"nothing is entered as {words}", field=name)
    line = exchange.BinMoveLine(
        given["sku"], whole(given["quantity"], given["sku"]), given.get("from", ""), given.get("to", ""),
        given.get("status") or "available", given.get("lot", ""),
    )  # fmt: skip
    return exchange.BinMoveDocument(given["reference"], given.get("site", ""), (line,))


def _show(
    desk: Desk, q: str, after: str, values: dict[str, str] | None = None, result: Result | None = None
) -> Response[str]:
    wanted = parse_filter(q, WORDS)
    with desk.reading() as tx:
        network = desk.network(tx)
        codes = [*wanted.many("bin"), *wanted.free.split()]
        try:
            page = insight.load_bins_page(
                tx, network, site=wanted.one("site"), codes=codes, skus=wanted.many("sku"), after=after, limit=LINES
            )
        except insight.BadBinPlace:
            page = insight.BinPage([], "")
        return desk.show(
            tx, "bins.html", status=422 if result and result.problem else 200, title="Bins", filter=wanted,
            vocabulary=WORDS, page=page, values=values or {}, result=result, is_first=not after,
            sites=[site for site in network.sites.values() if site.bins and site.active], sku_href=labels.sku_href,
            views=VIEWS,
            may_act=desk.may(access.Permission.ADJUST_STOCK),
        )  # fmt: skip
