"""What should be ordered of whom, and what is decided about it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, catalog, purchasing
from stocktower.platform import Transaction
from stocktower.purchasing import Figure, NotOrderable, Proposal, UnknownProposal
from stocktower.web.api.writes import REFUSALS
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.problems import Unprocessable


class ProposalAnswer(msgspec.Struct, frozen=True):
    """To order a quantity of a SKU for a site of a supplier, with every figure that it rests on."""

    proposal: int
    supplier: str
    sku: str
    site: str
    quantity: int
    is_changed: bool
    state: str
    reference: str
    computed_at: datetime
    figures: list[Figure]


class Proposals(msgspec.Struct, frozen=True):
    """What is proposed now, by supplier."""

    proposals: list[ProposalAnswer]


class SupplyAnswer(msgspec.Struct, frozen=True):
    """How SKUs come; one of which nothing is stated is missing."""

    supply: list[purchasing.SupplyView]


class Decision(msgspec.Struct, frozen=True):
    """What is decided about a proposal."""

    act: Literal["accept", "change", "dismiss"]
    quantity: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """For `change`."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/api/v1/reorder", sync_to_thread=True, tags=["Stock"])
def list_reorder(desk: AtDesk) -> Proposals:
    """What should be ordered, as of this morning."""
    with desk.reading() as tx:
        return Proposals(answers(desk, tx, purchasing.load_open(tx)))


@get("/api/v1/supply", sync_to_thread=True, tags=["Stock"])
def get_supply(
    desk: AtDesk, sku: Annotated[list[str], QueryParameter(description="Codes of SKUs; several.")]
) -> SupplyAnswer:
    """How SKUs come: supplier, least order, multiple, lead time, and which of these their products state."""
    with desk.reading() as tx:
        found = catalog.find_skus(tx, sku)
        unknown = sorted(set(sku) - found.keys())
        if unknown:
            raise NotFoundException(f"There is no SKU {unknown[0]}.")
        return SupplyAnswer(purchasing.load_supply(tx, [one.sku_id for one in found.values()]))


@post(
    "/api/v1/reorder/{proposal_id:int}", sync_to_thread=True, status_code=200, tags=["Stock"],
    responses=REFUSALS,
)  # fmt: skip
def decide_reorder(desk: AtDesk, proposal_id: FromPath[int], data: JSONBody[Decision]) -> ProposalAnswer:
    """Accept a proposal (it becomes an unconfirmed inbound), change its quantity, or dismiss it."""
    desk.require(access.Permission.ADJUST_STOCK)
    if data.act == "change" and data.quantity is None:
        raise Unprocessable("No quantity is stated", field="quantity", fix="State how many to order.")
    try:
        return desk.carry_out(lambda tx: answers(desk, tx, [decide(tx, proposal_id, data)])[0])
    except UnknownProposal as unknown:
        raise NotFoundException(str(unknown)) from unknown
    except NotOrderable as refusal:
        raise Unprocessable(
            str(refusal), field="quantity", fix="State a quantity that the supplier takes."
        ) from refusal


def decide(tx: Transaction, proposal_id: int, decision: Decision) -> Proposal:
    """Do what was decided."""
    if decision.act == "accept":
        return purchasing.accept(tx, [proposal_id])[0]
    if decision.act == "dismiss":
        return purchasing.dismiss(tx, [proposal_id], decision.note)[0]
    return purchasing.change(tx, proposal_id, decision.quantity or 0)


def answers(desk: Desk, tx: Transaction, proposals: list[Proposal]) -> list[ProposalAnswer]:
    """Proposals with the codes of their SKUs and sites."""
    skus = catalog.load_skus(tx, {one.sku_id for one in proposals})
    sites = desk.network(tx).sites
    return [
        ProposalAnswer(
            one.proposal_id, one.supplier, skus[one.sku_id].code, sites[one.site_id].code, one.quantity, one.is_changed,
            one.state, one.reference, one.computed_at, one.figures,
        )
        for one in proposals
    ]  # fmt: skip
