"""Assemblies: an assembled SKU is made of its materials at a site, or taken apart."""

from litestar import Response, post
from litestar.di import Provide
from litestar.params import JSONBody

from stocktower import access, inventory
from stocktower.exchange import AssemblyDocument
from stocktower.inventory import NotUsable, StatedAssembly
from stocktower.platform import Transaction
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable

P = access.Permission


class AssemblyAct(AssemblyDocument, frozen=True, gc=False, omit_defaults=True):
    """An assembly, or what it would do."""

    dry_run: bool = False


@post(
    "/api/v1/assemblies", sync_to_thread=True, status_code=201, tags=["Goods"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_assembly(
    desk: AtDesk, data: JSONBody[AssemblyAct], request_hash: RequestHash, key: Key = None
) -> Response[StatedAssembly]:
    """Make units of an assembled SKU of what is free of its materials, or take them apart; a dry run answers 200."""
    desk.require(P.ADJUST_STOCK)

    def do(tx: Transaction) -> StatedAssembly:
        return inventory.state_assembly(tx, data)

    try:
        if data.dry_run:
            return Response(desk.carry_out(do, dry_run=True), status_code=200)
        return once(desk, key, request_hash, StatedAssembly, 201, do)
    except NotUsable as error:
        raise Unprocessable(error.problem, field=error.field, fix=error.fix) from error
