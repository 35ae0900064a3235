"""What people do about goods that did not come, or go, as they were expected: the acts on those cases."""

from collections.abc import Callable

from stocktower import access, catalog, exchange, inventory, network, ordering, worklist
from stocktower.app import counting_acts
from stocktower.app.output import CommandFailed
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction

OnCase = Callable[[Transaction, worklist.Case, str], list[str]]
"""An act: the case, and who acts; says what it did, one sentence each."""
VENDOR_RETURN = "vendor_return"
GOODS_RECEIVED = "goods_received_not_invoiced"


def send_back(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """What came too much leaves again: out of stock, and no longer owed to the supplier."""
    data = case.data
    sku = catalog.find_skus(tx, [data["sku"]])[data["sku"]]
    site_id = network.load_network(tx).site_ids[data["site"]]
    units: int = data["units"]
    posting = inventory.Posting(
        sku.sku_id, site_id, -units, tx.now, "case", case.case_id, reason=VENDOR_RETURN, against=GOODS_RECEIVED
    )
    [posted] = inventory.adjust(tx, [posting])
    if posted.problem:
        raise CommandFailed(f"{case.label}: {posted.problem}; nothing was done")
    worklist.close_case(tx, case.case_id, "sent back", actor)
    return [f"{units:,} of {sku.code} leave {data['site']} for the supplier of {data['reference']}"]


OUTCOMES = {
    "found": (inventory.ARRIVED, "was found at"),
    "returned": (inventory.RETURNED, "went back from"),
    "claim": (inventory.CLAIMED, "is claimed from the carrier, not at"),
    "lost": (inventory.LOST, "is lost, not at"),
}
"""What may have become of what a transfer has in transit."""


def conclude_transfer(outcome: str) -> OnCase:
    """Decide what became of what is missing of a transfer."""
    step, words = OUTCOMES[outcome]
    return lambda tx, case, actor: _conclude_transfer(tx, case, step, words)


def _conclude_transfer(tx: Transaction, case: worklist.Case, step: str, words: str) -> list[str]:
    if "over" in case.data:
        raise CommandFailed(f"{case.label}: nothing is missing, more came than had left; acknowledge it")
    try:
        lines = inventory.resolve_transit(tx, case.data["transfer_id"], step)
    except inventory.NoSuchTransfer as error:
        raise CommandFailed(f"{case.label}: {error}; nothing was done") from error
    skus = catalog.load_skus(tx, [line.sku_id for line in lines])
    return [f"{line.in_transit:,} of {skus[line.sku_id].code} {words} {case.data['to']}" for line in lines]


def acknowledge_transfer(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """More arrived than had left, and that is known."""
    if "over" not in case.data:
        raise CommandFailed(f"{case.label}: say what became of the units that are missing")
    worklist.close_case(tx, case.case_id, "acknowledged", actor)
    return [f"{case.data['over']:,} units more arrived than had left {case.data['from']}"]


def approve_adjustment(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """A second person lets an adjustment through."""
    return _decide_adjustment(tx, case, actor, approve=True)


def refuse_adjustment(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """A second person does not let an adjustment through."""
    return _decide_adjustment(tx, case, actor, approve=False)


def _decide_adjustment(tx: Transaction, case: worklist.Case, actor: str, *, approve: bool) -> list[str]:
    decide = inventory.approve_adjustment if approve else inventory.refuse_adjustment
    try:
        one = decide(tx, case.data["adjustment_id"], actor)
    except (inventory.SamePerson, inventory.NotWaiting, inventory.NotUsable) as error:
        raise CommandFailed(f"{case.label}: {error}; nothing was done") from error
    done = "is adjusted" if approve else "stays as it is; it would have been adjusted"
    return [f"{case.data['sku']} at {case.data['site']} {done} by {one.delta:+,}: {one.reason}"]


def take_in(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """A delivery under an order that nobody has stated is taken in as it is; a later word on it closes this."""
    found = exchange.load_messages(tx, [int(case.cause_key.removeprefix("message/"))])
    if not found or found[0].kind != exchange.RECEIPT:
        what = str(case.data["waits_for"]).partition("/")[2]
        raise CommandFailed(
            f"{case.label}: a step of a transfer cannot be taken without its order; order transfer {what}, and it goes "
            "on by itself, or dismiss it"
        )
    inventory.take_receipts(tx, found, unstated=True)
    [after] = exchange.view_messages(tx, [found[0].message_id])
    if after.work_state:
        raise CommandFailed(f"{case.label}: {after.cause}; nothing was done")
    worklist.close_case(tx, case.case_id, "taken in as it is", actor)
    return [f"{found[0].key} is taken in; nothing of it was expected"]


def accept_rest(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """What a snapshot of a whole site leaves out is really gone."""
    notes = ordering.accept_rest(tx, _messages(tx, case))
    worklist.close_case(tx, case.case_id, "accepted", actor)
    return notes


def accept_count(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """What a site states is right, though it differs by more than it may."""
    skus = worklist.load_waiting(tx, case.kind, [case.cause_key], "sku").get(case.cause_key, [])
    notes = ordering.accept_differences(tx, _messages(tx, case), skus)
    worklist.close_case(tx, case.case_id, "accepted", actor)
    return notes


def _messages(tx: Transaction, case: worklist.Case) -> list[int]:
    found = worklist.load_waiting(tx, case.kind, [case.cause_key], "message").get(case.cause_key, [])
    if not found:
        raise CommandFailed(f"{case.label}: what the site states was taken over already; count it, or acknowledge it")
    return found


def leave_as_it_is(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """What was taken over stays so, and what waited is not taken over."""
    rows = worklist.load_waiting(tx, case.kind, [case.cause_key], "sku").get(case.cause_key, [])
    words = "not taken over: stock stays as it was" if case.data.get("waits") else "taken over as it was stated"
    worklist.close_case(tx, case.case_id, words, actor)
    return [f"{len(rows):,} SKUs of {case.data['site']} are {words}"]


def count_rows(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """Put what differs by more than it may on a count sheet of its site."""
    skus = worklist.load_waiting(tx, case.kind, [case.cause_key], "sku").get(case.cause_key, [])
    site_id = network.load_network(tx).site_ids.get(case.data["site"], 0)
    return counting_acts.ask(tx, [(site_id, sku_id) for sku_id in skus[: counting_acts.MOST_SKUS]])


def expect_rest(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """What was closed short is expected after all."""
    inbound_id = int(case.cause_key.removeprefix("inbound/"))
    inbound = inventory.expect_rest(tx, inbound_id)
    if inbound is None:
        raise CommandFailed(f"{case.label}: nothing of {case.data['reference']} was closed short; nothing was done")
    return [f"{inbound.open:,} of {case.data['sku']} are expected again under {inbound.reference}"]


def close_as(words: str) -> OnCase:
    """An act that closes the case with an outcome."""

    def do(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
        worklist.close_case(tx, case.case_id, words, actor)
        return [words]

    return do


P = access.Permission
ACTS: dict[tuple[str, str], tuple[access.Permission, OnCase]] = {
    (CaseKind.RECEIPT_OVER, "keep"): (P.WORK_CASES, close_as("kept; the supplier is paid for them")),
    (CaseKind.RECEIPT_OVER, "send_back"): (P.ADJUST_STOCK, send_back),
    (CaseKind.RECEIPT_SHORT, "accept_short"): (P.WORK_CASES, close_as("accepted; nothing more will come")),
    (CaseKind.RECEIPT_SHORT, "expect_rest"): (P.ADJUST_STOCK, expect_rest),
    **{(CaseKind.TRANSFER_DISCREPANCY, outcome): (P.ADJUST_STOCK, conclude_transfer(outcome)) for outcome in OUTCOMES},
    (CaseKind.TRANSFER_DISCREPANCY, "acknowledge"): (P.WORK_CASES, acknowledge_transfer),
    (CaseKind.REFERENCE_MISSING, "take_in"): (P.ADJUST_STOCK, take_in),
    (CaseKind.SNAPSHOT_INCOMPLETE, "accept_rest"): (P.ADJUST_STOCK, accept_rest),
    (CaseKind.SNAPSHOT_DIFFERENCE, "accept_count"): (P.ADJUST_STOCK, accept_count),
    (CaseKind.SNAPSHOT_DIFFERENCE, "count_rows"): (P.COUNT_STOCK, count_rows),
    (CaseKind.SNAPSHOT_DIFFERENCE, "acknowledge"): (P.WORK_CASES, leave_as_it_is),
    (CaseKind.ADJUSTMENT_APPROVAL, "approve_adjustment"): (P.ADJUST_STOCK, approve_adjustment),
    (CaseKind.ADJUSTMENT_APPROVAL, "refuse_adjustment"): (P.ADJUST_STOCK, refuse_adjustment),
}
"""What may be done about cases of goods, and who may."""
