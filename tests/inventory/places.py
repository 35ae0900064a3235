"""A small network, configuration and ids that the tests of supply and sourcing share."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from stocktower.network import ChannelFacts, Network, SiteFacts

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def site(
    site_id: int,
    *,
    code: str = "",
    kind: str = "warehouse",
    priority: int = 50,
    protected: bool = False,
    ships_to: tuple[str, ...] = (),
    fulfills: bool = True,
    safety_stock: int = 0,
    point: tuple[float, float] | None = None,
) -> SiteFacts:
    """A site; its code is S and its id unless stated."""
    return SiteFacts(
        site_id=site_id,
        code=code or f"S{site_id}",
        name=code or f"Site {site_id}",
        kind=kind,
        entity="acme",
        country="US",
        region="",
        latitude=None if point is None else point[0],
        longitude=None if point is None else point[1],
        timezone="UTC",
        priority=priority,
        protected=protected,
        ships_to=ships_to,
        fulfills=fulfills,
        acknowledge_hours=24,
        safety_stock=safety_stock,
        sellable=True,
    )


def channel(channel_id: int, site_ids: Sequence[int], *, priority: int = 50, max_splits: int = 3) -> ChannelFacts:
    """A channel that some sites serve."""
    return ChannelFacts(
        channel_id=channel_id,
        code=f"C{channel_id}",
        name=f"Channel {channel_id}",
        kind="other",
        format="csv",
        entity="acme",
        currency="USD",
        live_from=EPOCH,
        timezone="UTC",
        site_ids=tuple(site_ids),
        priority=priority,
        tax_included=False,
        marketplace_tax=False,
        authorization_days=7,
        terms_days=None,
        ship_by_hours=None,
        ship_by_cutoff="",
        max_splits=max_splits,
        ship_partial=False,
        publish_every_minutes=0,
        post_history=False,
        hold_high_risk=True,
    )


def network(sites: Sequence[SiteFacts], channels: Sequence[ChannelFacts]) -> Network:
    """A network of these."""
    return Network(
        version=1,
        timezone="UTC",
        sites={one.site_id: one for one in sites},
        channels={one.channel_id: one for one in channels},
        site_ids={one.code: one.site_id for one in sites},
        channel_ids={one.code: one.channel_id for one in channels},
    )


def simple(serving: Mapping[int, Sequence[int]], *, sites: int = 4) -> Network:
    """Plain sites 1 to n, and channels served by some of them."""
    return network(
        [site(number) for number in range(1, sites + 1)], [channel(one, on) for one, on in sorted(serving.items())]
    )
