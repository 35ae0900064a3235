"""What channels can promise of a SKU by when, now or as of any instant: one answer for command line, API and page."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from stocktower import catalog, inventory, purchasing
from stocktower.inventory import AtpAnswer, Moment
from stocktower.network import load_network
from stocktower.platform import Transaction, load_head

from .explained import name_skus


class AtpAnswers(msgspec.Struct, frozen=True):
    """What one channel, or each, can promise of a SKU, in its stock units."""

    sku: str
    name: str
    kind: str
    as_of: str | None
    """The instant that was asked for, by what we knew then; nothing: now."""
    now: datetime
    """From when on something can be promised: the instant that was asked for, or now."""
    position: int
    """Of the last event that is in the figures."""
    configuration: int
    """The version that was applied."""
    channels: list[AtpAnswer]
    supply: list[purchasing.SupplyView]
    """How it comes and in how long, where that is known."""


def answer_atp(
    tx: Transaction,
    sku: catalog.Sku,
    *,
    channel: str = "",
    quantity: int = 1,
    by: date | None = None,
    moment: Moment | None = None,
) -> AtpAnswers:
    """What channels can promise of a SKU, or could by what we knew at a moment."""
    (sku,) = name_skus(tx, [sku], moment)
    network = moment.network if moment else load_network(tx)
    if moment:
        promisable = inventory.load_promisable_at(tx, [sku.sku_id], moment)
    else:
        promisable = inventory.load_promisable(tx, [sku.sku_id], network)
    channel_ids: Mapping[str, int] = network.channel_ids
    return AtpAnswers(
        sku=sku.code,
        name=sku.name,
        kind=sku.kind,
        as_of=moment.at.isoformat() if moment else None,
        now=promisable.now,
        position=moment.position if moment else load_head(tx),
        configuration=network.version,
        channels=[
            inventory.answer_atp(promisable, sku.sku_id, channel_id, quantity=quantity, by=by)
            for code, channel_id in channel_ids.items()
            if channel in ("", code)
        ],
        supply=purchasing.load_supply(tx, [sku.sku_id], moment),
    )
