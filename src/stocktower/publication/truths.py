"""What every channel should be shown now, by the one set of rules of inventory, less its buffer."""

from collections.abc import Iterable

from msgspec import Struct

from stocktower import catalog, inventory
from stocktower.inventory import Moment
from stocktower.model import load_applied
from stocktower.network import Network
from stocktower.platform import Transaction

from . import rules, store
from .keeping_up import new_channel
from .model import ChannelRow, ChannelState, SkuVelocity, Told, Truth, Velocity
from .policies import Policies, Policy, Threshold, build_policies

_built: dict[int, tuple[Network, Policies]] = {}
"""By merchant: policies are worked out once for a network, and compared at each use."""


class Desk(Struct, frozen=True):
    """What decisions about listings rest on, read once a transaction."""

    network: Network
    policies: Policies
    channels: dict[int, ChannelRow]
    """Every channel that is in the configuration."""
    velocities: dict[tuple[int, int], SkuVelocity]
    """(channel, SKU) of the SKUs that were asked for; what is missing is slow and has no buffer."""

    def add_velocities(self, found: Iterable[SkuVelocity]) -> None:
        """How fast other SKUs sell."""
        for item in found:
            self.velocities.setdefault((item.channel_id, item.sku_id), item)

    def velocity(self, channel_id: int, sku_id: int) -> str:
        """How fast a SKU sells in a channel."""
        found = self.velocities.get((channel_id, sku_id))
        return Velocity.SLOW if found is None else found.velocity

    def threshold(self, channel_id: int, sku_id: int) -> Threshold:
        """Which differences of a SKU are told to a channel."""
        return self.policies.thresholds[self.velocity(channel_id, sku_id)]

    def buffer(self, channel_id: int, sku_id: int) -> int:
        """Units held back of a SKU in a channel; where it does not keep up one at least of what others sell."""
        found = self.velocities.get((channel_id, sku_id))
        if found is None:
            return 0
        if self.channels[channel_id].state == ChannelState.NORMAL:
            return found.buffer
        return max(found.buffer, 1 if found.elsewhere else 0)

    def offered(self, channel_id: int, sku_id: int, ats: int, pack_quantity: int, floor: int = 0) -> tuple[int, int]:
        """What a listing shows, and what could be sold of it without buffer and floor; whole packs."""
        return self.less_buffer(channel_id, ats, pack_quantity, self.buffer(channel_id, sku_id), floor)

    def less_buffer(self, channel_id: int, ats: int, pack_quantity: int, buffer: int, floor: int) -> tuple[int, int]:
        """The same of any SKU of which so many units are held back in a channel."""
        rules_ = self.policies.rules
        return rules.offered(
            ats, pack_quantity, buffer, self.channels[channel_id].state, rules_.low_stock, rules_.tighten_times, floor
        )

    def is_wrong(self, word: Told, ats: int, pack_quantity: int, floor: int = 0) -> bool:
        """Whether the last word about a listing is worth correcting."""
        shown, most = self.offered(word.channel_id, word.sku_id, ats, pack_quantity, floor)
        return rules.matters(word.shown, shown, most, self.threshold(word.channel_id, word.sku_id))


def load_policies(tx: Transaction, network: Network) -> Policies:
    """How the channels of the applied configuration are told."""
    built = _built.get(tx.merchant_id)
    if built is None or built[0] is not network:
        built = _built[tx.merchant_id] = (network, build_policies(load_applied(tx).configuration, network))
    return built[1]


def load_desk(tx: Transaction, network: Network, sku_ids: Iterable[int] = ()) -> Desk:
    """What decisions about these SKUs rest on."""
    policies = load_policies(tx, network)
    known = store.load_channels(tx)
    wanted = sorted(set(sku_ids))
    found = store.load_velocities(tx, wanted) if wanted else []
    return Desk(
        network,
        policies,
        {
            channel_id: known.get(channel_id) or new_channel(channel_id, policy, tx.now)
            for channel_id, policy in policies.channels.items()
        },
        {(item.channel_id, item.sku_id): item for item in found},
    )


def load_desk_at(tx: Transaction, moment: Moment, sku_id: int) -> Desk:
    """What decisions about a SKU rested on at a moment of the past: its configuration, its buffers, who kept up."""
    policies = build_policies(moment.applied.configuration, moment.network)
    states = store.load_states_at(tx, moment.at)
    channels = {channel_id: new_channel(channel_id, one, moment.at) for channel_id, one in policies.channels.items()}
    for channel_id, row in channels.items():
        row.state = states.get(channel_id, row.state)
    velocities = {(one.channel_id, sku_id): one for one in store.load_velocities_at(tx, sku_id, moment.at)}
    return Desk(moment.network, policies, channels, velocities)


def policy_of(desk: Desk, channel_id: int) -> Policy:
    """How a channel is told."""
    return desk.policies.channels[channel_id]


def load_touched(tx: Transaction, sku_ids: Iterable[int]) -> set[int]:
    """The SKUs themselves (0: all that are sold), their components, and every kit that shares one with them."""
    touched = set(sku_ids)
    if rules.ALL_SKUS in touched:
        return set(catalog.load_active_ids(tx)) | (touched - {rules.ALL_SKUS})
    return catalog.load_touched(tx, touched)


def load_truths(tx: Transaction, desk: Desk, sku_ids: Iterable[int]) -> list[Truth]:
    """What the listings of these SKUs should show now, in every channel; of a SKU that is sold no more, nothing."""
    skus = catalog.load_skus(tx, sku_ids)
    if not skus:
        return []
    named = catalog.load_listings_of(tx, skus)
    offers = inventory.load_offers(tx, [sku.sku_id for sku in skus.values() if sku.active], desk.network)
    places = {sku_id: place for place, sku_id in enumerate(offers.sku_ids.tolist())}
    columns = {
        channel_id: (offers.channels[channel_id].ats.tolist(), offers.channels[channel_id].floor.tolist())
        for channel_id in desk.channels
    }
    found: list[Truth] = []
    same: dict[tuple[int, int, int, int, int], tuple[int, int]] = {}
    for sku_id, sku in skus.items():
        place = places.get(sku_id, -1)
        own: dict[int, list[tuple[str, int]]] = {}
        for item in named.get(sku_id, ()):
            own.setdefault(item.channel_id, []).append((item.key, item.pack_quantity))
        value, listed = sku.price_minor or sku.cost_minor or 0, sku.active
        by_code = ((sku.code, 1),)
        for channel_id, (available, floors) in columns.items():
            ats, floor = (available[place], floors[place]) if place >= 0 else (0, 0)
            buffer = desk.buffer(channel_id, sku_id)
            for key, pack in own.get(channel_id, by_code):
                asked = (channel_id, ats, pack, buffer, floor)
                shown = same.get(asked)
                if shown is None:
                    shown = same[asked] = desk.less_buffer(*asked)
                found.append(Truth(channel_id, key, sku_id, pack, ats, *shown, listed, value * pack))
    return found
