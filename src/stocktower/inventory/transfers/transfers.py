"""Transfers between sites: ordered (units are reserved at the source), shipped into transit, arrived, closed.

Transfers are locked in id order before the stock of their SKUs, like orders. What a site reports is taken as it is:
more may leave than was ordered, or arrive than had left, and the word that it left may come last. What is missing stays
in transit until somebody decides. After each step, messages that waited for the transfer are looked at again.
"""

from collections.abc import Sequence

from msgspec import Struct

from stocktower import exchange
from stocktower.catalog import load_skus
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction, schedule

from ..arrivals.early import inbound_cause, transfer_cause, wait_of
from . import transfer_store
from .transfer_cases import settle_transfers, tell_not_told
from .transfer_rules import (
    CANCELLED,
    CLOSED,
    DAMAGED,
    ORDERED,
    OUTCOMES,
    SHIPPED,
    StepLine,
    Transfer,
    TransferLine,
    TransferStep,
    comes_early,
    refuse_step,
    spread,
)
from .transfer_work import TransferWork

LOOK_AT_TRANSFER = "transfer.look"
"""Kind of due work: see whether a source has said by now that units left which arrived; the key is the transfer."""


class TransferResult(Struct, frozen=True):
    """What became of one step."""

    transfer_id: int = 0
    state: str = ""
    units: int = 0
    """Units that the step moved, reserved or gave back."""
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""
    is_early: bool = False
    """It was refused because what has to come before it is not known yet."""


class NoSuchTransfer(LookupError):
    """There is no transfer with this id, or nothing of it is in transit."""


def take_steps(tx: Transaction, steps: Sequence[TransferStep]) -> list[TransferResult]:
    """Enter steps of transfers in their order, one result an item."""
    if not steps:
        return []
    work = TransferWork(tx, [step.reference for step in steps], [line.sku_id for step in steps for line in step.lines])
    results = [_take(tx, work, step) for step in steps]
    _write(tx, work, {result.transfer_id for step, result in zip(steps, results, strict=True) if step.step == CLOSED})
    return results


def resolve_transit(tx: Transaction, transfer_id: int, outcome: str) -> list[TransferLine]:
    """Decide what became of all that a transfer has in transit: arrived (found), lost, claimed or returned.

    Gives the lines as they were. Raises NoSuchTransfer.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"{outcome} is no outcome of a transfer")
    known = transfer_store.load_transfers(tx, [transfer_id])
    if not known:
        raise NoSuchTransfer(f"there is no transfer {transfer_id}")
    work = TransferWork(tx, [known[0].reference], [])
    transfer = work.transfers[known[0].reference]
    missing = [line for line in work.lines[transfer_id] if line.in_transit]
    if not missing:
        raise NoSuchTransfer(f"nothing of transfer {transfer.reference} is in transit")
    step = TransferStep(transfer.reference, outcome, occurred_at=tx.now)
    for line in missing:
        work.end(transfer, line, line.in_transit, outcome, step)
    work.conclude(transfer, outcome, step)
    _write(tx, work, {transfer_id})
    return missing


def look_at_transfers(tx: Transaction, transfer_ids: Sequence[int]) -> None:
    """Open a case for each transfer of which units arrived long ago, while nobody has said that they left."""
    transfers = {one.transfer_id: one for one in transfer_store.load_transfers(tx, transfer_ids)}
    ahead = dict.fromkeys(transfers, 0)
    for line in transfer_store.load_lines(tx, list(transfers)):
        ahead[line.transfer_id] += line.ahead
    told = [(transfers[transfer_id], units) for transfer_id, units in ahead.items()]
    tell_not_told(tx, load_applied(tx).configuration, load_network(tx), told)


def _take(tx: Transaction, work: TransferWork, step: TransferStep) -> TransferResult:
    transfer = work.transfers.get(step.reference)
    problem = refuse_step(step, transfer)
    if transfer is None:
        return TransferResult(problem=problem, is_early=comes_early(step)) if problem else _order(tx, work, step)
    if problem:
        return TransferResult(transfer.transfer_id, transfer.state, 0, problem)
    if step.step == SHIPPED:
        units = _ship(work, transfer, step)
    elif step.step in OUTCOMES:
        units = _end(work, transfer, step)
    else:
        units = sum(work.cancel(transfer, line, step) for line in list(work.lines[transfer.transfer_id]))
    if not units and step.step != CLOSED:
        nothing = f"transfer {step.reference} has nothing outstanding to be {step.step}"
        is_early = step.step in OUTCOMES and transfer.state != "closed"
        return TransferResult(transfer.transfer_id, transfer.state, 0, nothing, is_early)
    after = work.conclude(transfer, CANCELLED if step.step == CLOSED else step.step, step)
    return TransferResult(transfer.transfer_id, after.state, units)


def _order(tx: Transaction, work: TransferWork, step: TransferStep) -> TransferResult:
    for site_id, field in ((step.from_site_id, "from"), (step.to_site_id, "to")):
        site = work.network.sites[site_id]
        if site.kind == "dropship":
            problem = f"{field}: what lies at {site.code} is its supplier's; state it as inbound of the other site"
            return TransferResult(problem=problem)
    plan, lacking = work.plan(step)
    if lacking:
        sku_id, free = lacking
        sku = load_skus(tx, [sku_id])[sku_id]
        wanted = sum(line.units for line in step.lines if line.sku_id == sku_id)
        site = work.network.sites[step.from_site_id].code
        return TransferResult(problem=f"quantity: {site} has {free:,} of {sku.code} free, not {wanted:,}; order fewer")
    transfer = Transfer(
        tx.new_id(), step.reference, step.from_site_id, step.to_site_id, ORDERED, step.expected_at,
        step.occurred_at or tx.now, tx.now,
    )  # fmt: skip
    work.order(transfer, plan, step)
    return TransferResult(transfer.transfer_id, transfer.state, sum(units for _, units in plan))


def _ship(work: TransferWork, transfer: Transfer, step: TransferStep) -> int:
    if not step.lines:
        return sum(
            work.leave(transfer, line, work.untold(line), step) for line in list(work.lines[transfer.transfer_id])
        )
    moved = 0
    for stated in step.lines:
        beyond = stated.units
        for room in ("ahead", "open", "cancelled"):
            parts, beyond = spread(beyond, stated.lot, work.lines_of(transfer, stated.sku_id), room)
            moved += sum(work.leave(transfer, line, units, step) for line, units in parts)
        if beyond:
            moved += work.leave(transfer, work.line_for_more(transfer, stated, step), beyond, step)
    return moved


def _end(work: TransferWork, transfer: Transfer, step: TransferStep) -> int:
    if not step.lines:
        lines = [line for line in work.lines[transfer.transfer_id] if line.in_transit]
        return sum(work.end(transfer, line, line.in_transit, step.step, step) for line in lines)
    moved = 0
    for stated in step.lines:
        for units, outcome in ((stated.units, step.step), (stated.damaged, DAMAGED)):
            for line_no, part in _in_transit(work, transfer, stated, units, step):
                moved += work.end(transfer, work.line(transfer.transfer_id, line_no), part, outcome, step)
    return moved


def _in_transit(
    work: TransferWork, transfer: Transfer, stated: StepLine, units: int, step: TransferStep
) -> list[tuple[int, int]]:
    """(line, units) in transit; what is not yet is taken to have left: whatever was said of it there, it is here."""
    parts, beyond = spread(units, stated.lot, work.lines_of(transfer, stated.sku_id), "in_transit")
    found = [(line.line_no, part) for line, part in parts]
    for room in ("open", "cancelled"):
        parts, beyond = spread(beyond, stated.lot, work.lines_of(transfer, stated.sku_id), room)
        for line, part in parts:
            work.ship(transfer, line, part, step, ahead=True)
            found.append((line.line_no, part))
    if beyond:
        line = work.line_for_more(transfer, stated, step)
        work.ship(transfer, line, beyond, step, ahead=True)
        found.append((line.line_no, beyond))
    return found


def _write(tx: Transaction, work: TransferWork, closed: set[int]) -> None:
    work.write()
    configuration = load_applied(tx).configuration
    settle_transfers(tx, configuration, work.network, work.standings(), closed)
    if waiting := work.untold_transfers():
        at = tx.now + wait_of(configuration)
        schedule(tx, LOOK_AT_TRANSFER, [(transfer_id, at) for transfer_id in waiting])
    stepped = work.stepped()
    exchange.resume(tx, [transfer_cause(one) for one in stepped] + [inbound_cause(one) for one in stepped])


def load_transfer(tx: Transaction, reference: str) -> tuple[Transfer, list[TransferLine]] | None:
    """A transfer with its lines; None where there is none."""
    found = transfer_store.find_transfer(tx, reference)
    return None if found is None else (found, transfer_store.load_lines(tx, [found.transfer_id]))
