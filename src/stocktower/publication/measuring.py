"""Due work: how fast things sell in a channel, how long it lags, and the buffers that follow from both."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from stocktower import catalog, inventory
from stocktower.network import Network, load_network
from stocktower.platform import Transaction, schedule

from . import store
from .model import Accepted, SkuVelocity, Velocity
from .policies import Policies
from .service import VELOCITY
from .truths import load_policies
from .velocity import buffer_of, decide_velocity, depletion

STATED = "configuration"
"""Who set a velocity that the configuration states."""
LONGEST_LAG = timedelta(days=1)
"""A channel that sells what was gone for longer does not lag: it does not heed what it is told."""
BATCH = 10_000
"""SKUs that are computed at once."""


def note_accepted(tx: Transaction, lines: Sequence[Accepted]) -> None:
    """Count what channels accepted, and keep the lines that they accepted for more than was true when they were placed.

    Each line comes once. Units that could not be allocated of a SKU that may not be backordered are oversold.
    """
    if not lines:
        return
    units: dict[tuple[int, int, date], int] = {}
    for line in lines:
        key = (line.sku_id, line.channel_id, line.placed_at.date())
        units[key] = units.get(key, 0) + line.ordered * line.pack_quantity
    store.add_sales(tx, {key: count for key, count in units.items() if count > 0})
    skus = catalog.load_skus(tx, {line.sku_id for line in lines})
    oversold = [
        0 if skus[line.sku_id].backorder else line.backordered * line.pack_quantity for line in lines
    ]  # fmt: skip
    store.record_stale_sales(tx, lines, oversold, LONGEST_LAG)


class Window(Struct, frozen=True):
    """What was sold, over so many days."""

    days: int
    sold: Mapping[tuple[int, int], int]
    """(channel, SKU) -> units."""
    went: Mapping[int, Mapping[int, int]]
    """Stocked SKU -> channel -> units, kits as what they are made of."""
    components: Mapping[int, tuple[tuple[int, int], ...]]
    """Of the SKUs that were sold or go with them: (stocked SKU, units in one)."""

    def elsewhere(self, reach: inventory.Reach, channel_id: int, sku_id: int) -> int:
        """Units that other channels which share sites took of a SKU; of a kit the most that one of its components had
        to spare for, in kits."""
        parts = self.components.get(sku_id, ((sku_id, 1),))
        return max(
            -(
                -sum(
                    units
                    for other, units in self.went.get(part, {}).items()
                    if other != channel_id and reach.shares(channel_id, other)
                )
                // each
            )
            for part, each in parts
        )


def measure_channels(tx: Transaction, channel_ids: Sequence[int]) -> None:
    """Compute velocity, lag and buffers of channels, and look again at what shows something else by it."""
    store.lock_publication(tx)
    network = load_network(tx)
    policies = load_policies(tx, network)
    known = [channel_id for channel_id in channel_ids if channel_id in policies.channels]
    if known:
        _measure(tx, network, policies, known)
    again = tx.now + timedelta(minutes=policies.rules.recompute_minutes)
    schedule(tx, VELOCITY, [(channel_id, again) for channel_id in known])


def _measure(tx: Transaction, network: Network, policies: Policies, channel_ids: Sequence[int]) -> None:
    lags = _measure_lags(tx, policies, channel_ids)
    window = load_window(tx, policies.rules.window_days)
    stated = _stated(tx, policies)
    reach = inventory.Reach(network)
    changed: set[int] = set()
    for channel_id in channel_ids:
        before = {item.sku_id: item for item in store.load_velocities_of_channel(tx, channel_id)}
        named = {sku_id for one, sku_id in stated if one == channel_id}
        wanted = sorted({*before, *window.components, *named})
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            ats = store.load_ats(tx, channel_id, batch)
            after = [
                _decide(
                    policies, window, reach, lags[channel_id], channel_id, sku_id, ats.get(sku_id, 0),
                    before.get(sku_id), stated.get((channel_id, sku_id), ""), tx.now,
                )
                for sku_id in batch
            ]  # fmt: skip
            changed |= _write(tx, channel_id, before, after)
    store.mark_changed(tx, dict.fromkeys(sorted(changed), 0))


def _measure_lags(tx: Transaction, policies: Policies, channel_ids: Sequence[int]) -> dict[int, timedelta]:
    """How long each channel lags, as measured, else as the configuration assumes; what is measured is kept."""
    measured = store.measure_lags(tx, channel_ids, tx.now - timedelta(days=policies.rules.lag_window_days))
    store.record_lags(tx, {channel_id: measured.get(channel_id, (0, 0, 0)) for channel_id in channel_ids})
    return {
        channel_id: timedelta(seconds=measured[channel_id][1])
        if channel_id in measured
        else policies.channels[channel_id].lag
        for channel_id in channel_ids
    }


def load_window(tx: Transaction, days: int) -> Window:
    """What was sold in the last days, today included; over fewer days where the first sale is younger."""
    today = tx.now.date()
    since = today - timedelta(days=days - 1)
    first = store.load_first_day(tx)
    sold = store.load_sold(tx, since)
    skus = {sku_id for _, sku_id in sold}
    made_of = {sku_id: one.components for sku_id, one in catalog.load_resolved(tx, skus).items()}
    went = depletion(sold, made_of)
    kits = {kit_id for kits in catalog.load_kits_of(tx, went).values() for kit_id in kits} - skus
    components = made_of | {sku_id: one.components for sku_id, one in catalog.load_resolved(tx, kits).items()}
    components |= {sku_id: ((sku_id, 1),) for sku_id in went if sku_id not in components}
    return Window(max(1, min(days, (today - first).days + 1)) if first else 1, sold, went, components)


def _stated(tx: Transaction, policies: Policies) -> dict[tuple[int, int], str]:
    """(channel, SKU) -> velocity that the configuration sets, of SKUs that are there."""
    skus = catalog.find_skus(tx, {code for _, code in policies.stated}) if policies.stated else {}
    return {
        (channel_id, skus[code].sku_id): velocity
        for (channel_id, code), velocity in policies.stated.items()
        if code in skus
    }


def _decide(
    policies: Policies, window: Window, reach: inventory.Reach, lag: timedelta, channel_id: int, sku_id: int, ats: int,
    before: SkuVelocity | None, stated: str, at: datetime,
) -> SkuVelocity:  # fmt: skip
    """How fast a SKU sells in a channel; what was set by hand stands, then what the configuration states."""
    rules = policies.rules
    units = window.sold.get((channel_id, sku_id), 0)
    elsewhere = window.elsewhere(reach, channel_id, sku_id)
    by_hand = before is not None and before.set_by not in ("", STATED)
    if before is not None and by_hand:
        velocity, set_by = before.velocity, before.set_by
    elif stated:
        velocity, set_by = stated, STATED
    else:
        current = Velocity.SLOW if before is None else before.velocity
        velocity = decide_velocity(
            current, units, window.days, ats, fast_days=rules.fast_cover_days, slow_days=rules.slow_cover_days
        )
        set_by = ""
    buffer = buffer_of(elsewhere, window.days, lag, percent=rules.buffer_percent, at_most=rules.buffer_at_most)
    return SkuVelocity(channel_id, sku_id, velocity, set_by, units, elsewhere, window.days, buffer, at)


def _write(
    tx: Transaction, channel_id: int, before: Mapping[int, SkuVelocity], after: Sequence[SkuVelocity]
) -> set[int]:
    """Write what changed; gives the SKUs that show something else, or are told otherwise, by it."""
    gone = [item for item in after if not (item.units or item.elsewhere or item.set_by)]
    kept = [item for item in after if item.units or item.elsewhere or item.set_by]
    store.delete_velocities(tx, channel_id, [item.sku_id for item in gone if item.sku_id in before])
    moved = [item for item in kept if not _same(before.get(item.sku_id), item)]
    store.upsert_velocities(tx, moved)
    return {
        item.sku_id
        for item in (*moved, *(one for one in gone if one.sku_id in before))
        if (old := before.get(item.sku_id)) is None or (old.velocity, old.buffer) != (item.velocity, item.buffer)
    }


def _same(before: SkuVelocity | None, after: SkuVelocity) -> bool:
    return before is not None and replace(before, changed_at=after.changed_at) == after
