"""What should be ordered, by supplier: why, and what is decided about it."""

from itertools import groupby
from typing import Any

import msgspec
from litestar import Response, get, post

from stocktower import access, purchasing
from stocktower.platform import Transaction
from stocktower.purchasing import NotOrderable, UnknownProposal
from stocktower.web.acts import Result
from stocktower.web.api.reorder import Decision, ProposalAnswer, answers, decide
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.forms import FilledForm

MAY = access.Permission.ADJUST_STOCK
SHORT = ("demand per day", "lead time", "reorder point", "free", "coming", "waiting")


class OfSupplier(msgspec.Struct, frozen=True):
    """What should be ordered of one supplier."""

    supplier: str
    proposals: list[ProposalAnswer]


@get("/reorder", sync_to_thread=True)
def reorder_page(desk: AtDesk) -> Response[str]:
    """What should be ordered now."""
    with desk.reading() as tx:
        return _show(desk, tx)


@post("/reorder", sync_to_thread=True, status_code=200)
def reorder_act(desk: AtDesk, form: FilledForm) -> Response[str]:
    """Accept, change or dismiss one proposal, or compute all anew."""
    desk.require(MAY)
    try:
        said = desk.carry_out(lambda tx: _act(tx, form.get("act"), form.get("proposal"), form.get("quantity")))
        result = Result(said, False)
    except (NotOrderable, UnknownProposal) as refusal:
        result = Result("Nothing was done", False, problem=str(refusal))
    with desk.reading() as tx:
        return _show(desk, tx, result=result)


def _act(tx: Transaction, act: str, proposal: str, quantity: str) -> str:
    if act == "recompute":
        return f"Computed: {len(purchasing.recompute(tx)):,} to order"
    if not proposal.isdigit() or act not in ("accept", "change", "dismiss"):
        raise UnknownProposal("choose a proposal and what to do about it")
    if act == "dismiss":
        decide(tx, int(proposal), Decision("dismiss"))
        return "Dismissed for a week"
    if not (quantity.isascii() and quantity.isdigit()):
        raise NotOrderable(f"quantity {quantity}: state a whole number")
    known = next((one.quantity for one in purchasing.load_open(tx) if one.proposal_id == int(proposal)), None)
    done = decide(tx, int(proposal), Decision("change", int(quantity))) if known != int(quantity) else None
    if act == "accept":
        done = decide(tx, int(proposal), Decision("accept"))
        return f"Ordered {done.quantity:,} of {done.supplier} as {done.reference}; not promised until it is confirmed"
    return f"Changed to {done.quantity:,}" if done else f"It is {int(quantity):,} already"


def _show(desk: Desk, tx: Transaction, *, result: Result | None = None) -> Response[str]:
    proposals = answers(desk, tx, purchasing.load_open(tx))
    groups = [OfSupplier(name, list(found)) for name, found in groupby(proposals, key=lambda one: one.supplier)]
    context: dict[str, Any] = {"title": "Reorder", "groups": groups, "total": len(proposals), "short": SHORT}
    return desk.show(tx, "reorder.html", **context, result=result, may_decide=desk.may(MAY))
