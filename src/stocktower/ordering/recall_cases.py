"""The cases of recalls: what each holds, and which orders have units of it."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from stocktower import catalog, fulfillment, inventory, worklist
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter

from .service import Desk
from .views import load_rows

LotKey = tuple[int, str]
"""(sku_id, lot)"""


class LotName(Struct, frozen=True):
    """A lot as people name it."""

    sku: str
    lot: str

    def __str__(self) -> str:
        return f"{self.lot} of {self.sku}"


def cause_key(sku_id: int, lot: str) -> str:
    """What identifies the cause: the lot of a SKU."""
    return f"lot/{sku_id}/{lot}"


def codes_of(tx: Transaction, keys: Collection[LotKey]) -> dict[int, str]:
    """The codes of the SKUs of some lots."""
    return {sku_id: sku.code for sku_id, sku in catalog.load_skus(tx, {sku_id for sku_id, _ in keys}).items()}


def name_of(codes: Mapping[int, str], key: LotKey) -> LotName:
    """A lot by the codes of SKUs."""
    return LotName(codes[key[0]], key[1])


def who_has(tx: Transaction, keys: Sequence[LotKey]) -> tuple[list[int], list[int]]:
    """(orders whose sites have units of some lots in hand, orders whose customers have some)"""
    traces = inventory.trace_lots(tx, keys).values()
    requests = fulfillment.load_requests(tx, sorted({one.fulfillment_id for it in traces for one in it.shipped}))
    at_sites = {one.order_id for it in traces for one in it.allocated if one.kind == inventory.ORDER}
    return sorted(at_sites), sorted({request.order_id for request in requests})


def open_case(
    desk: Desk, keys: Sequence[LotKey], names: Sequence[LotName], note: str, at_sites: Sequence[int],
    shipped: Sequence[int],
) -> int:  # fmt: skip
    """One case for the recall; every order that has units of its lots is in it, with its money."""
    root, *others = names
    waiters = [
        Waiter("order", order.order_id, order.units, order.book_total_minor, None)
        for order in load_rows(desk.tx, desk.network, sorted({*at_sites, *shipped}))
    ]
    made_of = f" with {len(others):,} {'lot' if len(others) == 1 else 'lots'} made of it" if others else ""
    raised = Raise(
        kind=CaseKind.LOT_RECALLED,
        cause_key=cause_key(*keys[0]),
        title=f"Lot {root} is held{made_of}: {len(shipped)} orders have it, {len(at_sites)} are with their sites",
        data={
            "sku": root.sku,
            "lot": root.lot,
            "note": note,
            "lots": [str(one) for one in others],
            "shipped": list(shipped),
            "at_sites": list(at_sites),
        },
        waiters=tuple(waiters) or (Waiter("sku", keys[0][0]),),
    )
    return worklist.raise_cases(desk.tx, desk.configuration, [raised])[CaseKind.LOT_RECALLED, raised.cause_key]


def restate_recalls(tx: Transaction, keys: Collection[LotKey]) -> None:
    """Lots have joined recalls that went on: their cases name them, and who has units of them."""
    desk = Desk(tx)
    for root, lots in inventory.load_whole_recalls(tx, keys).items():
        held = [one.key for one in lots]
        names = [name_of(codes_of(tx, held), key) for key in held]
        if held[0] == root:
            open_case(desk, held, names, lots[0].note, *who_has(tx, held))
