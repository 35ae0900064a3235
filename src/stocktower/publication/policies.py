"""What the configuration says about telling each channel: pure, built once a configuration."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from stocktower.model import Channel, Configuration, PublicationRules
from stocktower.network import Network

from .model import Velocity

SLOW_TIMES = 4


class Threshold(Struct, frozen=True):
    """A difference that is smaller than either is not told."""

    units: int
    """Listed units."""
    percent: int
    """Of the larger of both."""


class Policy(Struct, frozen=True):
    """How one channel is told."""

    channel_id: int
    code: str
    name: str
    normal_every: timedelta
    slow_every: timedelta
    per_minute: int | None
    at_once: int | None
    acknowledge_within: timedelta | None
    """None: it never says that it has a publication."""
    backlog_within: timedelta
    lag: timedelta
    """Until it is measured."""

    preorders: bool = False
    """Whether it is told what may be ordered ahead."""

    @property
    def acknowledges(self) -> bool:
        """Whether it says that it has a publication."""
        return self.acknowledge_within is not None


class Policies(Struct, frozen=True):
    """How all channels are told."""

    rules: PublicationRules
    channels: Mapping[int, Policy]
    """Only those that are in the configuration."""
    thresholds: Mapping[str, Threshold]
    """By velocity."""
    stated: Mapping[tuple[int, str], str]
    """(channel, SKU code) -> velocity that the configuration sets."""


def policy_of(channel: Channel, channel_id: int) -> Policy:
    """How a channel of the configuration is told."""
    every = channel.publish_every_minutes
    slow = channel.publish_slow_every_minutes
    within = channel.acknowledge_within_minutes
    return Policy(
        channel_id=channel_id,
        code=channel.code,
        name=channel.name,
        normal_every=timedelta(minutes=every),
        slow_every=timedelta(minutes=every * SLOW_TIMES if slow is None else slow),
        per_minute=channel.listings_per_minute,
        at_once=channel.listings_per_minute if channel.listings_at_once is None else channel.listings_at_once,
        acknowledge_within=None if within is None else timedelta(minutes=within),
        backlog_within=timedelta(minutes=channel.backlog_within_minutes),
        lag=timedelta(minutes=channel.lag_minutes),
        preorders=channel.takes_preorders,
    )


def build_policies(configuration: Configuration, network: Network) -> Policies:
    """How all channels of a configuration are told."""
    ids = network.channel_ids
    rules = configuration.publication
    return Policies(
        rules=rules,
        channels={
            ids[channel.code]: policy_of(channel, ids[channel.code])
            for channel in configuration.channels
            if channel.code in ids
        },
        thresholds={
            Velocity.FAST: Threshold(rules.fast_units, rules.fast_percent),
            Velocity.NORMAL: Threshold(rules.normal_units, rules.normal_percent),
            Velocity.SLOW: Threshold(rules.slow_units, rules.slow_percent),
        },
        stated={
            (ids[item.channel], item.sku): item.velocity for item in configuration.velocities if item.channel in ids
        },
    )
