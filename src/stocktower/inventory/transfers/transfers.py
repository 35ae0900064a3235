"""Transfers between sites: ordered (units are reserved at the source), shipped into transit, arrived, closed.

Transfers are locked in id order before the stock of their SKUs, like orders. What a site reports is taken as it is:
more may leave than was ordered, or arrive than had left. What is missing stays in transit until somebody decides.
"""

from collections.abc import Sequence

from msgspec import Struct

from stocktower.catalog import load_skus
from stocktower.model import load_applied
from stocktower.platform import Transaction

from . import transfer_store
from .transfer_cases import settle_transfers
from .transfer_rules import (
    ARRIVED,
    CANCELLED,
    CLAIMED,
    CLOSED,
    LOST,
    ORDERED,
    RETURNED,
    SHIPPED,
    Transfer,
    TransferLine,
    TransferStep,
    refuse_step,
    spread,
)
from .transfer_work import TransferWork


class TransferResult(Struct, frozen=True):
    """What became of one step."""

    transfer_id: int = 0
    state: str = ""
    units: int = 0
    """Units that the step moved, reserved or gave back."""
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""


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
    if outcome not in (ARRIVED, LOST, CLAIMED, RETURNED):
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
        if outcome == ARRIVED:
            work.arrive(transfer, line, line.in_transit, 0, step)
        elif outcome == RETURNED:
            work.send_back(transfer, line, step)
        else:
            work.write_off(transfer, line, outcome, step)
    work.conclude(transfer, outcome, step)
    _write(tx, work, {transfer_id})
    return missing


def _take(tx: Transaction, work: TransferWork, step: TransferStep) -> TransferResult:
    transfer = work.transfers.get(step.reference)
    problem = refuse_step(step, transfer)
    if problem:
        return TransferResult(transfer.transfer_id if transfer else 0, transfer.state if transfer else "", 0, problem)
    if transfer is None:
        return _order(tx, work, step)
    if step.step == SHIPPED:
        units = _ship(work, transfer, step)
    elif step.step == ARRIVED:
        units = _arrive(work, transfer, step)
    else:
        units = sum(work.cancel(transfer, line, step) for line in list(work.lines[transfer.transfer_id]))
    if not units and step.step != CLOSED:
        nothing = f"transfer {step.reference} has nothing outstanding to be {step.step}"
        return TransferResult(transfer.transfer_id, transfer.state, 0, nothing)
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
        return sum(work.ship(transfer, line, line.open, step) for line in list(work.lines[transfer.transfer_id]))
    moved = 0
    for stated in step.lines:
        parts, beyond = spread(stated.units, stated.lot, work.lines_of(transfer, stated.sku_id), "open")
        for line, units in parts:
            moved += work.ship(transfer, line, units, step)
        if beyond:
            moved += work.ship(transfer, work.line_for_more(transfer, stated, step), beyond, step)
    return moved


def _arrive(work: TransferWork, transfer: Transfer, step: TransferStep) -> int:
    if not step.lines:
        lines = [line for line in work.lines[transfer.transfer_id] if line.in_transit]
        return sum(work.arrive(transfer, line, line.in_transit, 0, step) for line in lines)
    moved = 0
    for stated in step.lines:
        for units, is_damaged in ((stated.units, False), (stated.damaged, True)):
            parts, beyond = spread(units, stated.lot, work.lines_of(transfer, stated.sku_id), "in_transit")
            if beyond:
                # It left the source, whatever was said of it there.
                line = work.line_for_more(transfer, stated, step)
                work.ship(transfer, line, beyond, step, unannounced=True)
                parts.append((work.line(line.transfer_id, line.line_no), beyond))
            for line, part in parts:
                current = work.line(line.transfer_id, line.line_no)
                moved += work.arrive(transfer, current, 0 if is_damaged else part, part if is_damaged else 0, step)
    return moved


def _write(tx: Transaction, work: TransferWork, closed: set[int]) -> None:
    work.write()
    configuration = load_applied(tx).configuration
    settle_transfers(tx, configuration, work.network, work.figures(), closed, work.unannounced)


def load_transfer(tx: Transaction, reference: str) -> tuple[Transfer, list[TransferLine]] | None:
    """A transfer with its lines; None where there is none."""
    found = transfer_store.find_transfer(tx, reference)
    return None if found is None else (found, transfer_store.load_lines(tx, [found.transfer_id]))
