"""Bins: what lies in them, and what is put away or moved among them."""

from typing import Annotated

from litestar import Response, get, post
from litestar.di import Provide
from litestar.params import JSONBody, QueryParameter

from stocktower import access, exchange, inventory
from stocktower.insight import BadBinPlace, BinHistory, BinPage, load_bin_history, load_bins_page
from stocktower.inventory import Stated
from stocktower.web.api.goods import write
from stocktower.web.api.stock import known_channel
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable

P = access.Permission


@get("/api/v1/bins", sync_to_thread=True, tags=["Stock"])
def list_bins(
    desk: AtDesk,
    site: Annotated[str, QueryParameter(description="Code of a site; nothing: all that keep bins.")] = "",
    bin: Annotated[list[str] | None, QueryParameter(description="Bins, or zones: what stands before a dash.")] = None,
    sku: Annotated[list[str] | None, QueryParameter(description="Codes of SKUs; nothing: all.")] = None,
    after: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 200,
) -> BinPage:
    """What lies in which bin, site by site as people walk."""
    with desk.reading() as tx:
        network = desk.network(tx)
        if site:
            known_channel(site, network.site_ids, field="site")
        try:
            return load_bins_page(tx, network, site=site, codes=bin or (), skus=sku or (), after=after, limit=limit)
        except BadBinPlace as error:
            raise Unprocessable(str(error), field="after", fix="Take it from `next` of the page before.") from error


@get("/api/v1/bin-moves", sync_to_thread=True, tags=["Stock"])
def list_bin_moves(
    desk: AtDesk,
    site: Annotated[str, QueryParameter(description="Code of a site; nothing: all that keep bins.")] = "",
    bin: Annotated[list[str] | None, QueryParameter(description="Bins, or zones: what stands before a dash.")] = None,
    sku: Annotated[list[str] | None, QueryParameter(description="Codes of SKUs; nothing: all.")] = None,
    before: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 200,
) -> BinHistory:
    """What moved in and out of bins, the last recorded first, each change with what says so."""
    with desk.reading() as tx:
        network = desk.network(tx)
        if site:
            known_channel(site, network.site_ids, field="site")
        try:
            return load_bin_history(
                tx, network, site=site, codes=bin or (), skus=sku or (), before=before, limit=limit
            )  # fmt: skip
        except BadBinPlace as error:
            raise Unprocessable(str(error), field="before", fix="Take it from `next` of the page before.") from error


@post(
    "/api/v1/bin-moves", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_bin_moves(
    desk: AtDesk, data: JSONBody[exchange.BinMoveDocument], request_hash: RequestHash, key: Key = None
) -> Response[Stated]:
    """Put units away, or move them from bin to bin inside a site: whole, or refused with what lacks."""
    desk.require(P.ADJUST_STOCK)
    return write(desk, key, request_hash, lambda tx: inventory.state_bin_moves(tx, data))
