"""Goods that move: what will come, what came, transfers, adjustments, status changes, and stock files in batches."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.params import JSONBody, QueryParameter

from stocktower import access, exchange, inventory, ordering
from stocktower.inventory import NotUsable, Stated
from stocktower.platform import Transaction
from stocktower.web.api.orders import Accepted, receive
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.problems import Unprocessable

P = access.Permission
MOST_LINES = 5_000
MOST_PARTS = 10_000


class ComingLine(msgspec.Struct, frozen=True):
    """What is on its way of one SKU to one site."""

    reference: str
    kind: str
    line: str
    sku: str
    site: str
    lot: str
    supplier: str
    expected: int
    received: int
    open: int
    expected_at: datetime | None
    confirmed: bool
    late: bool
    state: str


class StatusChange(msgspec.Struct, frozen=True):
    """Units of a stock row that get another status."""

    sku: str
    site: str
    to_status: str
    reason: str
    """A word that the move keeps: inspection, water damage, ..."""
    quantity: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """None: all that is there."""
    status: str = "available"
    lot: str = ""
    owner: str = ""
    cut: bool = False
    """Orders that are not released may give way; without it only what is free changes."""


class StatusChanged(msgspec.Struct, frozen=True):
    """What became of it."""

    units: int
    """That have the status now."""
    stuck: int
    """That are allocated, and stayed."""
    waiting_again: list[int]
    """Ids of orders that lost units."""


def write(desk: Desk, key: str | None, request_hash: bytes, do: Callable[[Transaction], Stated]) -> Response[Stated]:
    """One document, entered at once or refused with the field and the fix."""
    try:
        return once(desk, key, request_hash, Stated, 201, do)
    except NotUsable as error:
        raise Unprocessable(error.problem, field=error.field, fix=error.fix) from error


@get("/api/v1/inbound", sync_to_thread=True, tags=["Goods"])
def list_inbound(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of a SKU; nothing: all.")] = "",
    reference: Annotated[str, QueryParameter(description="Number of the order, advice or transfer.")] = "",
    late: Annotated[bool, QueryParameter(description="Only what should be there by now.")] = False,
    page: Annotated[int, QueryParameter(ge=1)] = 1,
) -> list[ComingLine]:
    """What is on its way, the soonest first; 200 lines a page."""
    with desk.reading() as tx:
        network = desk.network(tx)
        filters = inventory.ComingFilter(sku=sku, reference=reference, late=late)
        found = inventory.load_coming_page(tx, filters, limit=200, offset=(page - 1) * 200)
        return [
            ComingLine(
                one.inbound.reference, one.inbound.kind, one.inbound.line, one.sku,
                network.sites[one.inbound.site_id].code, one.inbound.lot, one.inbound.supplier, one.inbound.expected,
                one.inbound.received, one.inbound.open, one.inbound.expected_at, one.inbound.confirmed_at is not None,
                one.late, one.inbound.state,
            )
            for one in found.rows
        ]  # fmt: skip


@post(
    "/api/v1/inbound", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_inbound(
    desk: AtDesk, data: JSONBody[exchange.InboundDocument], request_hash: RequestHash, key: Key = None
) -> Response[Stated]:
    """State what a supplier or a workshop will deliver; the whole quantity of each line, 0: nothing more will come."""
    desk.require(P.ADJUST_STOCK)
    return write(desk, key, request_hash, lambda tx: inventory.state_inbound(tx, data))


@post(
    "/api/v1/receipts", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_receipt(
    desk: AtDesk, data: JSONBody[exchange.ReceiptDocument], request_hash: RequestHash, key: Key = None
) -> Response[Stated]:
    """State what a site received, whole; the same receipt again with other figures is a correction."""
    desk.require(P.ADJUST_STOCK)
    return write(desk, key, request_hash, lambda tx: inventory.state_receipt(tx, data))


@post(
    "/api/v1/transfers", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_transfer(
    desk: AtDesk, data: JSONBody[exchange.TransferDocument], request_hash: RequestHash, key: Key = None
) -> Response[Stated]:
    """A step of a transfer, ordered to closed, or what became of units; without lines all that is outstanding."""
    desk.require(P.ADJUST_STOCK)
    return write(desk, key, request_hash, lambda tx: inventory.state_transfer(tx, data))


@post(
    "/api/v1/adjustments", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_adjustment(
    desk: AtDesk, data: JSONBody[exchange.AdjustmentDocument], request_hash: RequestHash, key: Key = None
) -> Response[Stated]:
    """Change stock by a difference, for a reason; above its limit it waits for a second person."""
    desk.require(P.ADJUST_STOCK)
    return write(desk, key, request_hash, lambda tx: inventory.state_adjustment(tx, data))


@post(
    "/api/v1/status-changes", sync_to_thread=True, status_code=201, tags=["Goods"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def change_status(
    desk: AtDesk, data: JSONBody[StatusChange], request_hash: RequestHash, key: Key = None
) -> Response[StatusChanged]:
    """Give units another status: out of sale, or back into it."""
    desk.require(P.ADJUST_STOCK)

    def do(tx: Transaction) -> StatusChanged:
        done = ordering.change_status(
            tx, sku=data.sku, site=data.site, status=data.status, to_status=data.to_status, units=data.quantity,
            lot=data.lot, owner=data.owner, why=data.reason, cut=data.cut,
        )  # fmt: skip
        units = sum(count for _, _, count in done.moved)
        return StatusChanged(units, sum(count for _, count in done.stuck), sorted({cut.order_id for cut in done.cuts}))

    try:
        return once(desk, key, request_hash, StatusChanged, 201, do)
    except NotUsable as error:
        raise Unprocessable(error.problem, field=error.field, fix=error.fix) from error


@post(
    "/api/v1/snapshots", sync_to_thread=True, status_code=202, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_snapshot(
    desk: AtDesk, data: JSONBody[exchange.StockDocument], request_hash: RequestHash, key: Key = None
) -> Response[Accepted]:
    """What a site holds, absolute, in batches of up to 5,000 lines; give each batch of one count its own `part`.

    Of a whole site the last batch says `complete` and how many `parts` there are, those before it `whole`: what none of
    them names is none. Where it would leave nothing of a large share, by silence or by zeros, that waits in a case.
    """
    desk.require(P.IMPORT_FILES)
    if data.complete and data.as_of is None:
        raise Unprocessable("a whole site is of one instant", field="as_of", fix="State as_of in each part.")
    if data.parts and not (data.complete and data.part < data.parts <= MOST_PARTS):
        fix = f"On the last part state complete and how many parts there are, 1 to {MOST_PARTS:,}."
        raise Unprocessable(f"{data.parts:,} parts of which this is part {data.part}", field="parts", fix=fix)
    if not (1 if not data.complete else 0) <= len(data.lines) <= MOST_LINES:
        raise Unprocessable(
            f"{len(data.lines):,} lines", field="lines", fix=f"Send 1 to {MOST_LINES:,} lines a request; use `part`."
        )

    def do(tx: Transaction) -> Accepted:
        known = desk.network(tx).site_ids
        if data.site not in known:
            fix = f"Name one of {', '.join(sorted(known))}."
            raise Unprocessable(f"{data.site} is not a site", field="site", fix=fix)
        at = data.as_of.isoformat() if data.as_of else "now"
        return receive(tx, data.site, exchange.STOCK, f"{data.site}/{at}/{data.part}", data)

    return once(desk, key, request_hash, Accepted, 202, do)
