"""The cases of a snapshot: rows that look like another unit, and rows that could not be applied."""

from collections.abc import Sequence

from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import SiteFacts
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from ..formulas.model import Refused
from ..stock.counts import Mismatch, Stated, Verdict

SHOWN = 20


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
