"""How SKUs come, in the words of people: of whom, where to, how they are ordered, and where each figure is from."""

from collections.abc import Sequence

from msgspec import Struct

from stocktower import catalog, inventory
from stocktower.inventory import Moment
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction


class SupplyView(Struct, frozen=True):
    """How a SKU comes."""

    sku: str
    supplier: str
    """Empty: nothing says of whom."""
    site: str
    """Where it is delivered, or made, or from where it is sent."""
    kind: str
    """purchased, assembled or dropship."""
    moq: int
    order_multiple: int
    lead_time_days: int | None
    """The median; None: nothing is stated, and too little was received to measure it."""
    late_days: int | None
    """Nine of ten take no longer."""
    deliveries: int
    """That the lead time is measured from; 0: it is stated."""
    of_product: tuple[str, ...]
    """What the product states; the rest is of the configuration, or the least that can be."""


def load_supply(tx: Transaction, sku_ids: Sequence[int], moment: Moment | None = None) -> list[SupplyView]:
    """How some SKUs come, or came by what was known at a moment, by code; one of which nothing is stated is missing."""
    network = moment.network if moment else load_network(tx)
    configuration = (moment.applied if moment else load_applied(tx)).configuration
    supplied = inventory.load_supplied(tx, configuration, network, sku_ids, moment.at if moment else None)
    codes = {sku_id: sku.code for sku_id, sku in catalog.load_skus(tx, supplied).items()}
    found = [
        SupplyView(
            codes[one.sku_id],
            one.rule.supplier,
            network.sites[one.site_id].code,
            one.rule.kind,
            one.rule.moq,
            one.rule.order_multiple,
            one.lead_time.days if one.lead_time else None,
            one.lead_time.late_days if one.lead_time else None,
            one.lead_time.deliveries if one.lead_time else 0,
            one.of_product,
        )
        for one in supplied.values()
    ]
    return sorted(found, key=lambda one: one.sku)
