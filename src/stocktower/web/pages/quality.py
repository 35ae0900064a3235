"""Data quality: the steward's queue by money touched, what each check finds, SKUs that may be one, and merging them."""

from collections.abc import Callable

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from stocktower import access, catalog, stewardship
from stocktower.platform import Transaction
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.forms import FilledForm

PAGE = 50
PAIRS = 25
MERGES = 10


class Pair(msgspec.Struct, frozen=True):
    """Two SKUs that may be one; the first is the one that would survive."""

    survivor: catalog.Sku
    loser: catalog.Sku
    score: int
    reasons: str


def pairs_of(tx: Transaction) -> list[Pair]:
    """Likely duplicates; the SKU that sold more would survive, else the older one."""
    found = stewardship.load_duplicates(tx, limit=PAIRS)
    ids = sorted({sku_id for one in found for sku_id in (one.first_id, one.second_id)})
    skus, quality = catalog.load_skus(tx, ids), stewardship.load_quality(tx, ids)

    def sold(sku_id: int) -> int:
        return quality[sku_id].quality.units_sold if sku_id in quality else 0

    pairs: list[Pair] = []
    for one in found:
        first, second = skus[one.first_id], skus[one.second_id]
        if sold(second.sku_id) > sold(first.sku_id):
            first, second = second, first
        pairs.append(Pair(first, second, one.score, one.reasons))
    return pairs


@get("/quality", sync_to_thread=True)
def quality_page(desk: AtDesk, check: FromQuery[str] = "", page: FromQuery[int] = 1) -> Response[str]:
    """The queue: SKUs whose master data fails something, the most money touched first."""
    with desk.reading() as tx:
        return _show(desk, tx, check if check in stewardship.CHECK_BY_NAME else "", max(1, page))


ACTS: dict[str, tuple[str, Callable[[Transaction, str, str], list[str]]]] = {
    "merge": ("Merge", lambda tx, loser, survivor: stewardship.merge(tx, loser, survivor)),
    "dismiss": ("Two SKUs", lambda tx, loser, survivor: stewardship.dismiss(tx, loser, survivor)),
    "undo": ("Undo the merge", lambda tx, loser, _: stewardship.undo_merge(tx, loser)),
}
"""What a steward does about two SKUs."""


@post("/quality", sync_to_thread=True, status_code=200)
def do_quality(desk: AtDesk, form: FilledForm) -> Response[str]:
    """Show what merging two SKUs (or undoing it) would change, or do it."""
    desk.require(access.Permission.CHANGE_MAPPING)
    name, loser, survivor = form.get("act"), form.get("loser"), form.get("survivor")
    dry_run = form.get("how") != "do"
    label, do = ACTS.get(name, ACTS["merge"])
    try:
        with desk.writing(dry_run=dry_run) as tx:
            notes = do(tx, loser, survivor)
            data = {"skus": [loser, survivor], "notes": notes}
            access.record_act(tx, f"sku.{name}", "sku", 0, data)
        title = f"{label}: {'this would happen, nothing is changed yet' if dry_run else 'done'}"
        result = Result(title, dry_run, notes)
    except catalog.CannotMerge as refusal:
        result = Result(f"{label}: not done", dry_run, problem=str(refusal))
    with desk.reading() as tx:
        return _show(desk, tx, "", 1, result=result, given={"act": name, "loser": loser, "survivor": survivor})


def _show(
    desk: Desk, tx: Transaction, check: str, page: int, *, result: Result | None = None,
    given: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    rows = stewardship.load_queue(tx, check=check, limit=PAGE + 1, offset=(page - 1) * PAGE)
    merges = stewardship.load_merges(tx, limit=MERGES)
    ids = {row.quality.sku_id for row in rows} | {id for one in merges for id in (one.loser_id, one.survivor_id)}
    return desk.show(
        tx, "quality.html", status=422 if result and result.problem else 200, title="Data quality",
        overview=stewardship.load_overview(tx), checks=stewardship.CHECK_BY_NAME, check=check, rows=rows[:PAGE],
        has_more=len(rows) > PAGE, number_of_page=page, skus=catalog.load_skus(tx, ids), pairs=pairs_of(tx),
        merges=merges, result=result, given=given or {}, may_merge=desk.may(access.Permission.CHANGE_MAPPING),
    )  # fmt: skip
