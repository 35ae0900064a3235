"""The cases of a snapshot: rows that look like another unit, and rows that could not be applied."""

from collections.abc import Collection, Sequence

from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import SiteFacts
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, leave_cases, load_waiting, raise_cases

from ..formulas.model import Refused
from ..stock.counts import Mismatch, Stated, Verdict
from .tolerances import Beyond
from .whole_sites import Rest

SHOWN = 20


def tell_beyond(
    tx: Transaction,
    site: SiteFacts,
    message_id: int,
    beyond: Sequence[Beyond],
    agree: Collection[int],
    waits: Collection[int],
) -> None:
    """Open the case of rows that differ by more than their site may, or of which too many would be emptied.

    `agree`: SKUs of which none does; `waits`: the rows (by stock id) that were not taken over.
    """
    kind, key = CaseKind.SNAPSHOT_DIFFERENCE, snapshot_key(site.code)
    asked = set(load_waiting(tx, kind, [key], "sku").get(key, ()))
    if asked and not beyond and asked <= set(agree):
        close_by_cause(tx, kind, [key], "a later snapshot agrees")
    else:
        leave_cases(tx, [(kind, key, "sku", sku_id) for sku_id in sorted(asked.intersection(agree))])
    if not beyond:
        return
    worst = sorted(beyond, key=lambda one: (-one.worth_minor, -abs(one.delta), one.stock_id))
    done = "wait for somebody" if waits else "were taken over"
    first = worst[0]
    more = f" and {len(beyond) - 1:,} rows more" if len(beyond) > 1 else ""
    stated = f"states {first.stated.quantity:,} of {first.stated.sku} where {first.expected:,} were expected{more}"
    title = f"{site.code} {stated}: they differ by more than they may, and {done}"
    emptied = [one for one in beyond if one.is_emptied and one.stock_id in waits]
    if len(emptied) > 1:
        units = sum(one.expected for one in emptied)
        title = (
            f"{site.code} states that nothing is left of {len(emptied):,} rows, {units:,} units: they wait for somebody"
        )
    raise_cases(
        tx,
        load_applied(tx).configuration,
        [
            Raise(
                kind=kind,
                cause_key=key,
                title=title,
                data={
                    "site": site.code,
                    "waits": bool(waits),
                    "emptied": len(emptied),
                    "message_id": message_id,
                    "rows": [
                        {
                            "sku": one.stated.sku, "status": one.stated.status, "lot": one.stated.lot,
                            "expected": one.expected, "stated": one.stated.quantity, "worth_minor": one.worth_minor,
                        }
                        for one in worst[:SHOWN]
                    ],
                },
                waiters=(
                    *(Waiter("sku", one.stated.sku_id, abs(one.delta), one.worth_minor) for one in beyond),
                    *([Waiter("message", message_id)] if waits else []),
                ),
            )
        ],
    )  # fmt: skip


def snapshot_key(site: str) -> str:
    """What identifies that something is to be said about the snapshots of a site."""
    return f"snapshot/{site}"


def tell_left_out(
    tx: Transaction, site: SiteFacts, message_id: int, rest: Rest, unreadable: int, codes: Sequence[str]
) -> None:
    """Open the case of a snapshot of a whole site that leaves out so much that somebody has to look."""
    why = f"{unreadable:,} of its rows could not be read" if unreadable else "as much as half a file would"
    share = f"{len(rest.rows):,} of {rest.rows_held:,} rows, {rest.units:,} of {rest.units_held:,} units"
    raise_cases(
        tx,
        load_applied(tx).configuration,
        [
            Raise(
                kind=CaseKind.SNAPSHOT_INCOMPLETE,
                cause_key=snapshot_key(site.code),
                title=f"The snapshot of all of {site.code} leaves out {share}: {why}",
                data={
                    "site": site.code, "message_id": message_id, "rows": len(rest.rows), "rows_held": rest.rows_held,
                    "units": rest.units, "units_held": rest.units_held, "unreadable": unreadable, "skus": codes[:SHOWN],
                },
                waiters=(Waiter("message", message_id, rest.units),),
            )
        ],
    )  # fmt: skip


def tell_cases(tx: Transaction, site: SiteFacts, message_id: int, verdict: Verdict, refused: Sequence[Refused]) -> None:
    """Open a case for each suspicion and one for all refused rows of the message; close those that this one answers."""
    raises = [mismatch_case(site, message_id, one) for one in verdict.mismatches]
    if refused:
        raises.append(refused_case(message_id, refused))
    else:
        close_by_cause(tx, CaseKind.UNREADABLE_ROW, [f"message/{message_id}"], "all of its rows were applied")
    applied = [cause_key(site, one) for _, _, one in verdict.targets]
    if applied:
        close_by_cause(tx, CaseKind.UNIT_MISMATCH, applied, "counted again")
    if raises:
        raise_cases(tx, load_applied(tx).configuration, raises)


def cause_key(site: SiteFacts, stated: Stated) -> str:
    """What identifies a doubt: SKU at a site, and the lot where it has one."""
    return f"stock/{site.code}/{stated.sku}{f'/{stated.lot}' if stated.lot else ''}"


def where(refused: Refused) -> str:
    """The column to mend, in words."""
    return f"column {refused.column}: " if refused.column else ""


def mismatch_case(site: SiteFacts, message_id: int, one: Mismatch) -> Raise:
    """A quantity that differs by exactly one pack."""
    stated = one.stated
    guess = stated.quantity * one.factor if one.by_packs else stated.quantity // one.factor
    return Raise(
        kind=CaseKind.UNIT_MISMATCH,
        cause_key=cause_key(site, stated),
        title=f"{site.code} states {stated.quantity:,} of {stated.sku} where {one.expected:,} were expected: "
        f"a difference of exactly {one.factor}",
        data={
            "site": site.code,
            "sku": stated.sku,
            "stock_id": one.stock_id,
            "stated": stated.quantity,
            "expected": one.expected,
            "factor": one.factor,
            "by_packs": one.by_packs,
            "as_unit": guess,
            "status": stated.status,
            "owner": stated.owner,
            "lot": stated.lot,
            "row": stated.row,
            "message_id": message_id,
        },
        waiters=(Waiter("sku", stated.sku_id, abs(stated.quantity - one.expected)),),
    )


def refused_case(message_id: int, refused: Sequence[Refused]) -> Raise:
    """Rows of a message that were not applied; the others were."""
    first = refused[0]
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return Raise(
        kind=CaseKind.UNREADABLE_ROW,
        cause_key=f"message/{message_id}",
        title=f"Stock row {first.row} ({first.sku}){more} could not be applied: {where(first)}{first.problem}"[:300],
        data={
            "problem": first.problem,
            "column": first.column,
            "rows": [
                {"row": one.row, "sku": one.sku, "column": one.column, "problem": one.problem}
                for one in refused[:SHOWN]
            ],
            "count": len(refused),
        },
        waiters=(Waiter("message", message_id),),
    )
