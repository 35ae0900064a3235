"""What can be promised by date, as a part of a SKU's page."""

from typing import Any

import msgspec

from stocktower import catalog, inventory, publication, purchasing
from stocktower.network import Network
from stocktower.platform import Transaction


class Promised(msgspec.Struct, frozen=True):
    """Channels that can promise the same, with their dates."""

    channels: str
    answer: inventory.AtpAnswer


def atp_context(tx: Transaction, network: Network, sku: catalog.Sku) -> dict[str, Any]:
    """What `atp.html` needs: what each channel can promise of a SKU, those that can promise the same together."""
    promisable = inventory.load_promisable(tx, [sku.sku_id], network)
    groups: dict[tuple[tuple[object, ...], ...], list[int]] = {}
    answers: dict[int, inventory.AtpAnswer] = {}
    for channel_id in network.channel_ids.values():
        answer = answers[channel_id] = inventory.answer_atp(promisable, sku.sku_id, channel_id)
        key = tuple((point.at, point.arriving, point.promised, point.atp) for point in answer.timeline.points)
        groups.setdefault((*key, (answer.timeline.always_at,)), []).append(channel_id)
    promised = [
        Promised(", ".join(network.channels[one].name for one in channel_ids), answers[channel_ids[0]])
        for channel_ids in groups.values()
    ]
    late = {one.inbound_id: one for answer in answers.values() for one in answer.not_counted}
    return {
        "ahead": publication.load_preorders(tx, [sku.sku_id]),
        "promised": promised,
        "not_counted": list(late.values()),
        "supply": purchasing.load_supply(tx, [sku.sku_id]),
    }
