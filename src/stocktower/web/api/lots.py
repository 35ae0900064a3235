"""Lots: where they are, who has them, their recall and the undoing of that."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, JSONBody, QueryParameter

from stocktower import access, catalog, inventory, ordering
from stocktower.platform import Transaction
from stocktower.web.api.writes import REFUSALS
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
    left_out: Annotated[list[ordering.LotName], msgspec.Meta(max_length=1000)] = []
    """Of a recall: lots that its units are in by assembly, and that are not held with it; the others are."""
    alone: bool = False
    """Of a recall: only this lot is held, not those that its units are in."""


class RecallAnswer(msgspec.Struct, frozen=True):
    """What it did, or would do."""

    dry_run: bool
    state: str
    recalled: ordering.Recalled | None = None
    released: ordering.Released | None = None


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
    """Where a lot is, every move of it, the lots that it is made of and is in by assembly to any depth, and the orders
    that have it or one of these; customers only for whom may read personal data.
    """
    return load(desk, sku, lot)


@get("/api/v1/lots/epcis", sync_to_thread=True, tags=["Stock"])
def get_epcis(desk: AtDesk, sku: FromQuery[str], lot: FromQuery[str]) -> Response[bytes]:
    """The events of a lot as a GS1 EPCIS 2.0 document."""
    detail = load(desk, sku, lot)
    with desk.reading() as tx:
        return Response(as_epcis(tx, detail), media_type="application/ld+json")


@post("/api/v1/lots/recall", sync_to_thread=True, status_code=200, tags=["Stock"], responses=REFUSALS)  # fmt: skip
def recall(desk: AtDesk, data: JSONBody[Recall]) -> RecallAnswer:
    """Hold a lot, and those that its units are in, on all sites and for all channels; a dry run says what that does."""
    if not data.note.strip():
        raise Unprocessable("A recall needs a reason", field="note", fix="Say why the lot is held.")
    done = hold(desk, data.sku, data.lot, data.note, data.left_out, alone=data.alone, dry_run=data.dry_run)
    return RecallAnswer(data.dry_run, inventory.HELD, done)


@post("/api/v1/lots/release", sync_to_thread=True, status_code=200, tags=["Stock"], responses=REFUSALS)  # fmt: skip
def release(desk: AtDesk, data: JSONBody[Recall]) -> RecallAnswer:
    """Undo a recall, whole: what no other recall holds is sold again, and who waits may have it."""
    done = let_back(desk, data.sku, data.lot, data.note, dry_run=data.dry_run)
    return RecallAnswer(data.dry_run, inventory.OPEN if done.lots else inventory.HELD, released=done)


def load(desk: Desk, sku: str, lot: str) -> ordering.LotDetail:
    """A lot with what the person may read of it."""
    with desk.reading() as tx:
        personal = desk.may(access.Permission.READ_PERSONAL_DATA)
        found = ordering.load_lot(tx, desk.network(tx), sku, lot, personal=personal)
    if found is None:
        raise NotFoundException(f"There is no lot {lot} of {sku}.")
    return found


def hold(
    desk: Desk, sku: str, lot: str, note: str, left_out: Sequence[ordering.LotName] = (), *, alone: bool = False,
    dry_run: bool,
) -> ordering.Recalled:  # fmt: skip
    """Recall a lot as this person, with the lots that its units are in but those left out."""
    desk.require(access.Permission.ADJUST_STOCK)
    sku_id = load(desk, sku, lot).sku.sku_id

    def command(tx: Transaction) -> ordering.Recalled:
        return ordering.hold_lot(tx, sku_id, lot, note, left_out=left_out, alone=alone)

    try:
        return desk.carry_out(command, dry_run=dry_run)
    except ordering.NotPossible as refusal:
        raise Unprocessable(str(refusal), field="lot", fix="Look at the lot as it stands now.") from refusal


def let_back(desk: Desk, sku: str, lot: str, note: str, *, dry_run: bool) -> ordering.Released:
    """Undo a recall as this person."""
    desk.require(access.Permission.ADJUST_STOCK)
    sku_id = load(desk, sku, lot).sku.sku_id
    try:
        return desk.carry_out(lambda tx: ordering.release_lot(tx, sku_id, lot, note), dry_run=dry_run)
    except ordering.NotPossible as refusal:
        raise Unprocessable(str(refusal), field="lot", fix="Look at the lot as it stands now.") from refusal


def known_sku(found: dict[str, catalog.Sku], code: str) -> catalog.Sku:
    """The SKU of a code, or a problem."""
    if code not in found:
        raise Unprocessable(f"There is no SKU {code}", field="sku", fix="Send a known code.")
    return found[code]
