"""What people do about goods that did not come, or go, as they were expected: the acts on those cases."""

from stocktower import catalog, inventory, network, worklist
from stocktower.app.output import CommandFailed
from stocktower.platform import Transaction

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


def conclude_transfer(tx: Transaction, case: worklist.Case, outcome: str) -> list[str]:
    """Decide what became of what is missing of a transfer."""
    step, words = OUTCOMES[outcome]
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


def expect_rest(tx: Transaction, case: worklist.Case) -> list[str]:
    """What was closed short is expected after all."""
    inbound_id = int(case.cause_key.removeprefix("inbound/"))
    inbound = inventory.expect_rest(tx, inbound_id)
    if inbound is None:
        raise CommandFailed(f"{case.label}: nothing of {case.data['reference']} was closed short; nothing was done")
    return [f"{inbound.open:,} of {case.data['sku']} are expected again under {inbound.reference}"]
