"""Lots: where they are, who has them, their recall and the undoing of that."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, JSONBody, QueryParameter

from stocktower import access, catalog, inventory, ordering
from stocktower.web.api.writes import REFUSALS, by_token
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.lot_events import as_epcis
from stocktower.web.problems import Unprocessable


class LotRow(msgspec.Struct, frozen=True):
    """A lot of a SKU, with what is on hand of it."""

    sku: str
    lot: inventory.LotFacts


class LotsAnswer(msgspec.Struct, frozen=True):
    """Lots, the first to expire first; at most 200."""

    lots: list[LotRow]


class Recall(msgspec.Struct, frozen=True):
    """A lot of a SKU, and why it is held or let back."""

    sku: str
    lot: str
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    dry_run: bool = False


class RecallAnswer(msgspec.Struct, frozen=True):
    """What it did, or would do."""

    dry_run: bool
    state: str
    recalled: ordering.Recalled | None = None


@get("/api/v1/lots", sync_to_thread=True, tags=["Stock"])
def list_lots(
    desk: AtDesk,
    code: Annotated[str, QueryParameter(description="How the code of the lot begins.")] = "",
    sku: Annotated[str, QueryParameter(description="Code of a SKU.")] = "",
    held: Annotated[bool | None, QueryParameter(description="Only lots that are held, or only others.")] = None,
) -> LotsAnswer:
    """Lots by code, SKU and state."""
    with desk.reading() as tx:
        sku_id = known_sku(catalog.find_skus(tx, [sku]), sku).sku_id if sku else 0
        state = "" if held is None else inventory.HELD if held else inventory.OPEN
        lots = inventory.load_lots(tx, code=code, sku_id=sku_id, state=state)
        skus = catalog.load_skus(tx, {one.sku_id for one in lots})
        return LotsAnswer([LotRow(skus[one.sku_id].code, one) for one in lots])


@get("/api/v1/lots/trace", sync_to_thread=True, tags=["Stock"])
def get_lot(desk: AtDesk, sku: FromQuery[str], lot: FromQuery[str]) -> ordering.LotDetail:
    """Where a lot is, every move of it, and the orders that have it; customers only for whom may read personal data."""
    return load(desk, sku, lot)


@get("/api/v1/lots/epcis", sync_to_thread=True, tags=["Stock"])
def get_epcis(desk: AtDesk, sku: FromQuery[str], lot: FromQuery[str]) -> Response[bytes]:
    """The events of a lot as a GS1 EPCIS 2.0 document."""
    detail = load(desk, sku, lot)
    with desk.reading() as tx:
        return Response(as_epcis(tx, detail), media_type="application/ld+json")


@post("/api/v1/lots/recall", sync_to_thread=True, status_code=200, tags=["Stock"],
      guards=[by_token], responses=REFUSALS)  # fmt: skip
def recall(desk: AtDesk, data: JSONBody[Recall]) -> RecallAnswer:
    """Hold a lot on all sites and for all channels; a dry run says what that would do."""
    if not data.note.strip():
        raise Unprocessable("A recall needs a reason", field="note", fix="Say why the lot is held.")
    done = hold(desk, data.sku, data.lot, data.note, dry_run=data.dry_run)
    return RecallAnswer(data.dry_run, inventory.HELD, done)


@post("/api/v1/lots/release", sync_to_thread=True, status_code=200, tags=["Stock"],
      guards=[by_token], responses=REFUSALS)  # fmt: skip
def release(desk: AtDesk, data: JSONBody[Recall]) -> RecallAnswer:
    """Undo a recall: the lot is sold again, and who waits may have it."""
    let_back(desk, data.sku, data.lot, data.note, dry_run=data.dry_run)
    return RecallAnswer(data.dry_run, inventory.OPEN)


def load(desk: Desk, sku: str, lot: str) -> ordering.LotDetail:
    """A lot with what the person may read of it."""
    with desk.reading() as tx:
        personal = desk.may(access.Permission.READ_PERSONAL_DATA)
        found = ordering.load_lot(tx, desk.network(tx), sku, lot, personal=personal)
    if found is None:
        raise NotFoundException(f"There is no lot {lot} of {sku}.")
    return found


def hold(desk: Desk, sku: str, lot: str, note: str, *, dry_run: bool) -> ordering.Recalled:
    """Recall a lot as this person."""
    desk.require(access.Permission.ADJUST_STOCK)
    sku_id = load(desk, sku, lot).sku.sku_id
    try:
        return desk.carry_out(lambda tx: ordering.hold_lot(tx, sku_id, lot, note), dry_run=dry_run)
    except ordering.NotPossible as refusal:
        raise Unprocessable(str(refusal), field="lot", fix="Look at the lot as it stands now.") from refusal


def let_back(desk: Desk, sku: str, lot: str, note: str, *, dry_run: bool) -> None:
    """Undo a recall as this person."""
    desk.require(access.Permission.ADJUST_STOCK)
    sku_id = load(desk, sku, lot).sku.sku_id
    try:
        desk.carry_out(lambda tx: ordering.release_lot(tx, sku_id, lot, note), dry_run=dry_run)
    except ordering.NotPossible as refusal:
        raise Unprocessable(str(refusal), field="lot", fix="Look at the lot as it stands now.") from refusal


def known_sku(found: dict[str, catalog.Sku], code: str) -> catalog.Sku:
    """The SKU of a code, or a problem."""
    if code not in found:
        raise Unprocessable(f"There is no SKU {code}", field="sku", fix="Send a known code.")
    return found[code]
