"""Master data: what fails and what it touches, and merging SKUs that are one."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, catalog, stewardship
from stocktower.platform import Transaction
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable


class FailureAnswer(msgspec.Struct, frozen=True):
    """A check that a SKU fails, and how to mend it."""

    check: str
    weight: int
    detail: str
    fix: str


class QualityAnswer(msgspec.Struct, frozen=True):
    """The quality of a SKU: a hundred points less what fails; money in minor units of the book currency."""

    sku: str
    score: int
    units_sold: int
    sold_minor: int
    at_stake_minor: int
    failing: list[FailureAnswer]


class QueueAnswer(msgspec.Struct, frozen=True):
    """The steward's queue, the most money touched first."""

    skus: int
    perfect: int
    average: float
    queue: list[QualityAnswer]


class MergeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two SKUs that are one."""

    loser: str
    survivor: str = ""
    """Needed for a merge; an undo knows it."""
    note: str = ""
    dry_run: bool = False
    undo: bool = False


class MergeAnswer(msgspec.Struct, frozen=True):
    """What was done, one sentence each."""

    dry_run: bool
    notes: list[str]


def _answer(row: stewardship.QueueRow, code: str) -> QualityAnswer:
    one = row.quality
    failing = [FailureAnswer(item.name, item.check.weight, item.detail, item.check.fix) for item in row.failing]
    return QualityAnswer(code, one.score, one.units_sold, one.sold_minor, one.at_stake_minor, failing)


@get("/api/v1/quality", sync_to_thread=True, tags=["Master data"])
def list_queue(
    desk: AtDesk,
    check: Annotated[str, QueryParameter(description="Only SKUs that fail this check.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 50,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> QueueAnswer:
    """SKUs whose master data fails something, the most money touched first."""
    if check and check not in stewardship.CHECK_BY_NAME:
        known = ", ".join(sorted(stewardship.CHECK_BY_NAME))
        raise Unprocessable(f"{check} is not a check", field="check", fix=f"Name one of {known}.")
    with desk.reading() as tx:
        overview = stewardship.load_overview(tx)
        rows = stewardship.load_queue(tx, check=check, limit=limit, offset=offset)
        skus = catalog.load_skus(tx, [row.quality.sku_id for row in rows])
        queue = [_answer(row, skus[row.quality.sku_id].code) for row in rows]
        return QueueAnswer(overview.skus, overview.perfect, round(overview.average, 2), queue)


@get("/api/v1/quality/{sku:str}", sync_to_thread=True, tags=["Master data"])
def get_quality(desk: AtDesk, sku: FromPath[str]) -> QualityAnswer:
    """What one SKU fails, and how to mend it."""
    with desk.reading() as tx:
        found = catalog.find_skus(tx, [sku]).get(sku)
        row = stewardship.load_quality(tx, [found.sku_id]).get(found.sku_id) if found else None
        if found is None or row is None:
            raise NotFoundException(f"There is no SKU {sku}, or it was not checked yet.")
        return _answer(row, found.code)


@post(
    "/api/v1/quality/merges", sync_to_thread=True, status_code=200, tags=["Master data"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def merge(
    desk: AtDesk, data: JSONBody[MergeRequest], request_hash: RequestHash, key: Key = None
) -> Response[MergeAnswer]:
    """Let one SKU stand for another from now on, or undo that; refused while the other has stock or orders."""
    desk.require(access.Permission.CHANGE_MAPPING)
    if data.dry_run:
        with desk.writing(dry_run=True) as tx:
            answer = _merge(tx, data)
        return Response(answer, status_code=200)
    return once(desk, key, request_hash, MergeAnswer, 200, lambda tx: _merge(tx, data))


def _merge(tx: Transaction, data: MergeRequest) -> MergeAnswer:
    try:
        if data.undo:
            notes = stewardship.undo_merge(tx, data.loser)
        else:
            notes = stewardship.merge(tx, data.loser, data.survivor, data.note)
    except catalog.CannotMerge as refusal:
        raise Unprocessable(str(refusal), field="loser", fix="Mend what it says, and send it again.") from None
    act = "sku.undo_merge" if data.undo else "sku.merge"
    access.record_act(tx, act, "sku", 0, {"skus": [data.loser, data.survivor], "notes": notes})
    return MergeAnswer(data.dry_run, notes)
