"""Lots: which expire first, where one is and who has it, and its recall, shown before it is done."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from stocktower import access, catalog, inventory, ordering
from stocktower.web import labels
from stocktower.web.acts import Result
from stocktower.web.api.lots import hold, let_back, load
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Word, parse_filter
from stocktower.web.formats import plural
from stocktower.web.forms import FilledForm, Form
from stocktower.web.problems import Unprocessable

MOST = 200
VOCABULARY = (
    Word("state", "held: sold nowhere; open", ("open", "held")),
    Word("sku", "exact code of a SKU"),
)
VIEWS = (("First to expire", ""), ("Held", "state:held"))
MOVES_SHOWN = 100
SOON_DAYS = 30
"""A lot that ends within so many days is marked."""


def lot_href(sku: str, lot: str) -> str:
    """The page of a lot."""
    return f"/lots/trace?{urlencode({'sku': sku, 'lot': lot})}"


@get("/lots", sync_to_thread=True)
def lots_page(desk: AtDesk, q: FromQuery[str] = "") -> Response[str]:
    """The lots that a sentence of words asks for."""
    wanted = parse_filter(q, VOCABULARY)
    with desk.reading() as tx:
        code = wanted.one("sku")
        sku = catalog.find_skus(tx, [code]).get(code) if code else None
        known = sku is not None or not code
        lots = inventory.load_lots(
            tx, code=wanted.free, sku_id=sku.sku_id if sku else 0, state=wanted.one("state"), limit=MOST
        ) if known else []  # fmt: skip
        skus = catalog.load_skus(tx, {lot.sku_id for lot in lots})
        return desk.show(
            tx, "lots.html", title="Lots", filter=wanted, vocabulary=VOCABULARY, views=VIEWS, lots=lots, skus=skus,
            most=MOST, lot_href=lot_href, soon_days=SOON_DAYS,
        )  # fmt: skip


@get("/lots/trace", sync_to_thread=True)
def lot_page(desk: AtDesk, sku: FromQuery[str], lot: FromQuery[str]) -> Response[str]:
    """Where a lot is, what happened to it, and which customers have it."""
    return _show(desk, sku, lot)


@post("/lots/trace", sync_to_thread=True, status_code=200)
def act_page(desk: AtDesk, sku: FromQuery[str], lot: FromQuery[str], form: FilledForm) -> Response[str]:
    """Show what a recall or its undoing would do, or do it."""
    act, note, dry_run = form.get("act"), form.get("note"), form.get("how") != "do"
    try:
        if act == "recall":
            if not note:
                raise Unprocessable("A recall needs a reason: say why the lot is held", field="note")
            changes = words_of(hold(desk, sku, lot, note, left_out_of(form), dry_run=dry_run))
            result = Result("This would be held" if dry_run else "The lot is held", dry_run, changes)
        else:
            released = let_back(desk, sku, lot, note, dry_run=dry_run)
            title = "This would be released" if dry_run else "The lot is released"
            result = Result(title, dry_run, words_of_release(released))
    except (Unprocessable, access.PermissionDenied) as refusal:
        result = Result("Not done", dry_run, problem=str(refusal))
    return _show(desk, sku, lot, chosen=act, note=note, result=result, left_out=left_out_of(form))


LEAVE = "leave "
"""How the name of a box begins that leaves a lot out of a recall; the lot and its SKU follow."""


def left_out_of(form: Form) -> list[ordering.LotName]:
    """The lots that are ticked to be left out."""
    texts = [name.removeprefix(LEAVE) for name in form.values if name.startswith(LEAVE)]
    return [msgspec.json.decode(text, type=ordering.LotName) for text in texts]


def box_of(one: ordering.LotRelative) -> str:
    """The name of the box that leaves a lot out."""
    return LEAVE + msgspec.json.encode(ordering.LotName(one.sku, one.lot)).decode()


def words_of(done: ordering.Recalled) -> list[str]:
    """What a recall does, one sentence each."""
    with_it = [str(one) for one in done.lots[1:]]
    return [
        "it is sold on no site and no channel until it is released",
        *([f"nor is what was made of it: {', '.join(with_it)}"] if with_it else []),
        *([f"left out, and still sold: {', '.join(map(str, done.left_out))}"] if done.left_out else []),
        *([f"also in {', '.join(done.not_tracked)}, of which nothing tells the units"] if done.not_tracked else []),
        f"{plural(len(done.waiting_again), 'order')} had it, not released: they wait again, for other lots or sites",
        f"with sites: {plural(len(done.at_sites), 'order')}; tell the sites to stop them",
        f"shipped with it: {plural(len(done.shipped), 'order')}; their customers are listed here",
        "a case is opened with all of these orders",
    ]


def words_of_release(done: ordering.Released) -> list[str]:
    """What the end of a recall does, one sentence each."""
    return [
        *(f"lot {one} is sold again on all sites and channels" for one in done.lots),
        *(f"lot {one} stays held by the recall of lot {root}" for one, root in done.still_held),
        "who waits for what is sold again may have it",
    ]


def _show(
    desk: Desk, sku: str, lot: str, *, chosen: str = "", note: str = "", result: Result | None = None,
    left_out: Sequence[ordering.LotName] = (),
) -> Response[str]:  # fmt: skip
    detail = load(desk, sku, lot)
    with desk.reading() as tx:
        network = desk.network(tx)
        moves = detail.moves[::-1][:MOVES_SHOWN]
        subjects = {(one.reference, one.reference_id) for one in moves if one.reference and one.reference_id}
        return desk.show(
            tx, "lot.html", status=422 if result and result.problem else 200, title=f"{sku} {lot}", detail=detail,
            chosen=chosen, note=note, result=result, may_act=desk.may(access.Permission.ADJUST_STOCK),
            personal=desk.may(access.Permission.READ_PERSONAL_DATA), moves=moves,
            references=labels.of_subjects(tx, network, subjects), href=lot_href(sku, lot),
            sku_href=labels.sku_href(sku), lot_href=lot_href, box_of=box_of,
            left_out={(one.sku, one.lot) for one in left_out},
        )  # fmt: skip
