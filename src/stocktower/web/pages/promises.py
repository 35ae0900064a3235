"""What can be promised by date, as a part of a SKU's page."""

from typing import Any

import msgspec

from stocktower import catalog, insight, inventory, publication
from stocktower.inventory import Moment
from stocktower.network import Network
from stocktower.platform import Transaction


class Promised(msgspec.Struct, frozen=True):
    """Channels that can promise the same, with their dates."""

    channels: str
    answer: inventory.AtpAnswer


def atp_context(tx: Transaction, network: Network, sku: catalog.Sku, moment: Moment | None) -> dict[str, Any]:
    """What `atp.html` needs: what each channel of the network can promise of a SKU, or could by what we knew at a
    moment, those that can promise the same together."""
    found = insight.answer_atp(tx, sku, moment=moment)
    groups: dict[tuple[tuple[object, ...], ...], list[inventory.AtpAnswer]] = {}
    for answer in found.channels:
        key = tuple((point.at, point.arriving, point.promised, point.atp) for point in answer.timeline.points)
        groups.setdefault((*key, (answer.timeline.always_at,)), []).append(answer)
    names = {channel.code: channel.name for channel in network.channels.values()}
    promised = [Promised(", ".join(names[one.channel] for one in group), group[0]) for group in groups.values()]
    late = {one.inbound_id: one for answer in found.channels for one in answer.not_counted}
    return {
        "ahead": publication.load_preorders_at(tx, [sku.sku_id], moment.at)
        if moment
        else publication.load_preorders(tx, [sku.sku_id]),
        "promised": promised,
        "not_counted": list(late.values()),
        "supply": found.supply,
    }
