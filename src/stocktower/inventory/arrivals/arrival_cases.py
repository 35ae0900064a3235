"""The cases of deliveries: more than was expected, less and no more to come, or not on order at all."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from stocktower.catalog import Sku, load_skus
from stocktower.kernel import CaseKind
from stocktower.model import Configuration
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from ..coming.arrival_rules import Delivery, is_too_little, is_too_much
from ..coming.inbound_rules import Inbound


class NotOnOrder(Struct, frozen=True):
    """Units that came under an inbound which does not have their SKU."""

    receipt_id: int
    delivery: Delivery
    sku_id: int
    units: int


def tell_arrivals(
    tx: Transaction,
    configuration: Configuration,
    network: Network,
    changed: Sequence[tuple[Inbound | None, Inbound]],
    closed_short: Collection[int],
    not_on_order: Sequence[NotOnOrder],
) -> None:
    """Open and close the cases of inbound that changed, and open those of what nobody ordered."""
    receiving = configuration.receiving
    over = [
        after
        for before, after in changed
        if is_too_much(after, receiving) and (before is None or after.excess > before.excess)
    ]
    short = [after for _, after in changed if after.inbound_id in closed_short and is_too_little(after, receiving)]
    fits = [
        cause_key(after)
        for before, after in changed
        if before is not None and is_too_much(before, receiving) and not is_too_much(after, receiving)
    ]
    came = [cause_key(after) for before, after in changed if before is not None and before.cancelled > after.cancelled]
    if fits:
        close_by_cause(tx, CaseKind.RECEIPT_OVER, fits, "it is no more than was expected now")
    if came:
        close_by_cause(tx, CaseKind.RECEIPT_SHORT, came, "it came, or is expected, after all")
    if not over and not short and not not_on_order:
        return
    skus = load_skus(tx, {one.sku_id for one in (*over, *short, *not_on_order)})
    raises = [_over(one, skus[one.sku_id], network) for one in over]
    raises += [_short(one, skus[one.sku_id], network) for one in short]
    raises += [_not_on_order(one, skus[one.sku_id], network) for one in not_on_order]
    raise_cases(tx, configuration, raises)


def cause_key(inbound: Inbound) -> str:
    """What identifies the cause: the line of the order."""
    return f"inbound/{inbound.inbound_id}"


def _over(one: Inbound, sku: Sku, network: Network) -> Raise:
    site = network.sites[one.site_id].code
    return Raise(
        kind=CaseKind.RECEIPT_OVER,
        cause_key=cause_key(one),
        title=f"{site} received {one.excess:,} of {sku.code} more than the {one.expected:,} of {one.reference}",
        data={"inbound_id": one.inbound_id, "reference": one.reference, "sku": sku.code, "site": site,
              "expected": one.expected, "received": one.received + one.excess, "units": one.excess},
        waiters=(Waiter("sku", sku.sku_id, one.excess, one.excess * _cost(one, sku)),),
    )  # fmt: skip


def _short(one: Inbound, sku: Sku, network: Network) -> Raise:
    site = network.sites[one.site_id].code
    return Raise(
        kind=CaseKind.RECEIPT_SHORT,
        cause_key=cause_key(one),
        title=f"{one.reference} was closed at {site} with {one.cancelled:,} of {one.expected:,} {sku.code} missing",
        data={"inbound_id": one.inbound_id, "reference": one.reference, "sku": sku.code, "site": site,
              "expected": one.expected, "received": one.received + one.excess, "units": one.cancelled},
        waiters=(Waiter("sku", sku.sku_id, one.cancelled, one.cancelled * _cost(one, sku)),),
    )  # fmt: skip


def _not_on_order(one: NotOnOrder, sku: Sku, network: Network) -> Raise:
    site = network.sites[one.delivery.site_id].code
    reference = one.delivery.inbound
    return Raise(
        kind=CaseKind.RECEIPT_OVER,
        cause_key=f"receipt/{one.receipt_id}/{one.sku_id}",
        title=f"{site} received {one.units:,} of {sku.code} under {reference}, which does not have it",
        data={"reference": reference, "receipt": one.delivery.reference, "sku": sku.code, "site": site,
              "expected": 0, "received": one.units, "units": one.units},
        waiters=(Waiter("sku", sku.sku_id, one.units, one.units * (sku.cost_minor or 0)),),
    )  # fmt: skip


def _cost(one: Inbound, sku: Sku) -> int:
    return one.cost_minor if one.cost_minor is not None else sku.cost_minor or 0
