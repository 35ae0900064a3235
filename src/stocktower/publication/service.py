"""Commands: note what changed, tell the channels that are due, compare what was told with the truth."""

from collections.abc import Iterable, Sequence

from stocktower import catalog, inventory
from stocktower.network import ChannelFacts, Network
from stocktower.platform import RecordedEvent, Transaction, load_cursors, load_head

from . import rules, store
from .model import Difference, Listing, Publication

SUBSCRIBER = "publication"
KINDS = (
    "supply.changed", "stock.opened", "stock.received", "stock.adjusted", "stock.counted",
    "stock.status_changed", "lot.held", "lot.released", "listing.mapped",
    "sku.created", "sku.changed", "configuration.applied",
)  # fmt: skip
"""The events that can change what a channel may sell."""


def take_events(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """Note which SKUs the events touched; in order, so that the last event of each stands.

    An event that was parked, and comes when channels have looked past it, counts as the next one.
    """
    seen = max((seen for _, seen in store.load_looks(tx).values()), default=0)
    upcoming = load_head(tx) + 1
    positions: dict[int, int] = {}
    for event in events:
        for sku_id in rules.changed_skus(event.kind, event.subject_id, event.data):
            positions[sku_id] = event.position if event.position > seen else upcoming
    if positions:
        store.mark_changed(tx, positions)


def publish_due(tx: Transaction, network: Network, *, folder: str) -> list[Publication]:
    """Record what every channel that is due has to be told; the caller writes each text to its path.

    A channel sees what was touched since its last look; what it was told already is not told again.
    """
    looks = store.load_looks(tx)
    position = load_cursors(tx).get(SUBSCRIBER, 0)
    made: list[Publication] = []
    for channel in network.channels.values():
        looked_at, seen = looks.get(channel.channel_id, (None, 0))
        if not channel.active or not rules.is_due(looked_at, channel.publish_every_minutes, tx.now) or seen >= position:
            continue
        listings = load_listings(tx, network, channel, load_touched(tx, store.load_changed(tx, seen)))
        told = store.load_told(tx, channel.channel_id, [item.listing for item in listings])
        fresh = rules.worth_telling(listings, told)
        store.record_look(tx, channel.channel_id, position)
        if fresh:
            made.append(publish(tx, channel, fresh, folder))
    return made


def publish(tx: Transaction, channel: ChannelFacts, listings: Sequence[Listing], folder: str) -> Publication:
    """Record one publication; the name of its file says channel, instant and id."""
    publication_id = tx.new_id()
    skus = catalog.load_skus(tx, [item.sku_id for item in listings])
    made = Publication(
        publication_id=publication_id,
        channel_id=channel.channel_id,
        path=f"{folder}/{channel.code}-{tx.now:%Y%m%dT%H%M%SZ}-{publication_id}.csv",
        text=rules.as_csv(listings, {sku_id: sku.code for sku_id, sku in skus.items()}, tx.now),
        listings=tuple(listings),
    )
    store.record_publication(tx, made)
    return made


def load_touched(tx: Transaction, sku_ids: Iterable[int]) -> set[int]:
    """The SKUs themselves (0: all that are sold), their components, and every kit that shares one with them."""
    touched = set(sku_ids)
    if rules.ALL_SKUS in touched:
        return set(catalog.load_active_ids(tx)) | (touched - {rules.ALL_SKUS})
    touched |= {part for one in catalog.load_resolved(tx, touched).values() for part, _ in one.components}
    return touched | {kit_id for kits in catalog.load_kits_of(tx, touched).values() for kit_id in kits}


def load_listings(tx: Transaction, network: Network, channel: ChannelFacts, wanted: Iterable[int]) -> list[Listing]:
    """What a channel's listings of these SKUs show now; of a SKU that is sold no more, nothing."""
    skus = catalog.load_skus(tx, wanted)
    if not skus:
        return []
    named = catalog.load_listings_of(tx, skus)
    availability = inventory.load_availability(tx, [sku.sku_id for sku in skus.values() if sku.active], network)
    found: list[Listing] = []
    for sku_id, sku in skus.items():
        ats = availability.ats(sku_id, channel.channel_id) if sku.active else 0
        own = [
            (item.key, item.pack_quantity) for item in named.get(sku_id, ()) if item.channel_id == channel.channel_id
        ]
        for key, pack in own or [(sku.code, 1)]:
            shown = inventory.shown(ats, pack)
            found.append(Listing(key, sku_id, pack, ats, shown, active=sku.active))
    return found


def compare(tx: Transaction, network: Network, sku_ids: Sequence[int] | None = None) -> list[Difference]:
    """Where the last word to a channel is not the truth, by channel; reads only what was touched since."""
    looks = store.load_looks(tx)
    found: list[Difference] = []
    for channel in network.channels.values():
        if channel.channel_id not in looks:
            continue
        touched = load_touched(tx, store.load_changed(tx, looks[channel.channel_id][1]))
        if sku_ids is not None:
            touched &= set(sku_ids)
        listings = load_listings(tx, network, channel, touched)
        told = store.load_told(tx, channel.channel_id, [item.listing for item in listings])
        found += rules.differences(listings, told)
    return found


def load_recorded_paths(tx: Transaction, paths: Sequence[str]) -> set[str]:
    """Which of these files stand for a publication that was made."""
    return store.load_recorded_paths(tx, paths)
