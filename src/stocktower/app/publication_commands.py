"""Commands about what channels are told: how they keep up, what they acknowledged, telling again, velocity."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from cyclopts import App, Parameter

from stocktower import access, catalog, network, publication, worklist
from stocktower.access import Permission as P
from stocktower.app.home import Tower
from stocktower.app.options import HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku
from stocktower.platform import Transaction

publication_app = App(name="publication", help="What channels are told, and how they keep up.")
SHOWN = 10


@publication_app.command
def status(*, channel: str | None = None, home: HomeOption = None, json: JsonFlag = False) -> None:
    """How each channel is told and keeps up: state, lag, backlog, buffers, accuracy; what is over-exposed now."""
    with opened(home) as tower:
        found = load_status(tower, channel)
    say_json(found) if json else say_status(found)


@publication_app.command
def ack(
    publications: Annotated[tuple[str, ...], Parameter(help="Ids, or names of files in the outbox.")],
    /,
    *,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Say that a channel has PUBLICATIONS; a repeat changes nothing."""
    with opened(home, P.MANAGE_PUBLICATION) as tower:
        rows = acknowledge(tower, publications)
    if json:
        say_json({"acknowledged": rows})
    else:
        listings = sum(row.listings for row in rows)
        out.print(f"Acknowledged {len(rows):,} of {len(publications):,}, {listings:,} listings; the rest was before")


@publication_app.command
def resend(
    *,
    channel: str,
    sku: Annotated[tuple[str, ...], Parameter(help="Only these; else everything that the channel lists.")] = (),
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Tell a channel again what it lists, although nothing changed; its rate limit holds."""
    with opened(home, P.MANAGE_PUBLICATION) as tower:
        count = tell_again(tower, channel, sku)
    if json:
        say_json({"channel": channel, "listings": count})
    else:
        out.print(f"{count:,} listings of {channel} are told again, the most dangerous first; work it: stocktower run")


@publication_app.command(name="class")
def class_(
    sku: str,
    /,
    *,
    channel: str,
    set: Annotated[Literal["fast", "normal", "slow", "auto"] | None, Parameter(help="auto: computed again.")] = None,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """How fast SKU sells in a channel, and the buffer held back there; --set decides it by hand."""
    with opened(home, P.MANAGE_PUBLICATION) as tower:
        found = velocity(tower, sku, channel, set)
    if json:
        say_json(found)
        return
    by = f"set by {found['set_by']}" if found["set_by"] else "computed"
    out.print(
        f"{sku} in {channel}: {found['velocity']} ({by}); {found['units']:,} units in {found['days']} days, "
        f"{found['elsewhere']:,} elsewhere; buffer {found['buffer']:,}",
        markup=False,
    )


@publication_app.command
def preorders(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What may be ordered ahead of listings, in packs and when it ships, beside what their channels were told."""
    with opened(home) as tower, tower.reading() as tx:
        words = publication.load_preorders(tx)
        skus = catalog.load_skus(tx, {one.sku_id for one in words})
        channels = network.load_network(tx).channels
        rows = [
            {
                "channel": channels[one.channel_id].code, "listing": one.listing, "sku": skus[one.sku_id].code,
                "quantity": one.quantity, "available_on": one.available_on, "told_quantity": one.told_quantity,
                "told_on": one.told_on,
            }
            for one in words
        ]  # fmt: skip
    if json:
        say_json({"preorders": rows})
        return
    columns = ("Channel", "Listing", "SKU", ">Packs", "Ships on", ">Told", "For")
    say_table("To order ahead", columns, [[str(cell if cell is not None else "-") for cell in row.values()]
                                          for row in rows], empty="no channel takes preorders")  # fmt: skip


def load_status(tower: Tower, channel: str | None) -> dict[str, Any]:
    """How channels keep up, what is over-exposed, and what was sold on a stale word in a week."""
    with tower.reading() as tx:
        facts = network.load_network(tx)
        channel_id = 0 if channel is None else channel_of(facts, channel)
        found = publication.load_health(tx, facts)
        return {
            "now": tx.now,
            "channels": [one for one in found if channel_id in (0, one.channel_id)],
            "over_exposed": publication.load_over_exposed(tx, channel_id=channel_id),
            "stale_sales": publication.load_stale_sales(tx, tx.now - timedelta(days=7), channel_id=channel_id),
        }


def channel_of(facts: network.Network, code: str) -> int:
    """The id of a channel, or a failure that names those there are."""
    if code not in facts.channel_ids:
        known = ", ".join(sorted(facts.channel_ids))
        raise CommandFailed(f"--channel {code}: not a channel; one of {known}", code=3)
    return facts.channel_ids[code]


def acknowledge(tower: Tower, names: tuple[str, ...]) -> list[publication.PublicationRow]:
    """Record that channels have publications, by id or by the name of their file."""
    if not names:
        raise CommandFailed("say which publications: their ids, or the names of their files in the outbox")
    ids = [int(name) for name in names if name.isascii() and name.isdigit()]
    paths = [str(tower.home.outbox / Path(name).name) for name in names if not name.isdigit()]
    with tower.transaction(actor()) as tx:
        try:
            rows = publication.acknowledge(
                tx, network.load_network(tx), by=actor(), publication_ids=ids, paths=paths
            )  # fmt: skip
        except publication.UnknownPublication as error:
            raise CommandFailed(str(error), code=3) from error
        for row in rows:
            access.record_act(tx, "publication.acknowledge", "publication", row.publication_id, {"path": row.path})
        return rows


def tell_again(tower: Tower, channel: str, codes: tuple[str, ...]) -> int:
    """Have a channel told again."""
    with tower.transaction(actor()) as tx:
        facts = network.load_network(tx)
        channel_id = channel_of(facts, channel)
        return resend_in(tx, facts, channel_id, [find_sku(tx, code).sku_id for code in codes])


def resend_in(tx: Transaction, facts: network.Network, channel_id: int, sku_ids: list[int]) -> int:
    """Have a channel told again, with the record of the act."""
    try:
        count = publication.resend(tx, facts, channel_id, sku_ids)
    except publication.NotPossible as error:
        raise CommandFailed(str(error)) from error
    access.record_act(tx, "publication.resend", "channel", channel_id, {"skus": sku_ids, "listings": count})
    return count


class OnCase(Protocol):
    """An act on a case: its transaction, and the case."""

    @property
    def tx(self) -> Transaction:
        """Where it happens."""
        ...

    @property
    def case(self) -> worklist.Case:
        """The channel's."""
        ...


def resend_of_case(context: OnCase) -> list[str]:
    """Have the channel of a case told again; the case keeps the record of the act."""
    facts, code = network.load_network(context.tx), context.case.cause_key
    if code not in facts.channel_ids:
        raise CommandFailed(f"{code} is not in the configuration any more; nothing is told to it")
    count = publication.resend(context.tx, facts, facts.channel_ids[code])
    return [f"{count:,} listings of {code} are told again, the most dangerous first, as fast as it takes them"]


def velocity(tower: Tower, code: str, channel: str, wanted: str | None) -> dict[str, Any]:
    """How fast a SKU sells in a channel, after it was set where somebody wants that."""
    with tower.transaction(actor()) as tx:
        facts = network.load_network(tx)
        channel_id, sku = channel_of(facts, channel), find_sku(tx, code)
        if wanted is not None:
            publication.set_velocity(tx, facts, channel_id, sku.sku_id, wanted, tx.actor)
            data = {"channel": channel, "sku": code, "velocity": wanted}
            access.record_act(tx, "publication.class", "sku", sku.sku_id, data)
        found = publication.load_offers(tx, facts, [sku.sku_id]).velocities.get((channel_id, sku.sku_id))
    return {
        "sku": code,
        "channel": channel,
        "velocity": found.velocity if found else publication.Velocity.SLOW,
        "set_by": found.set_by if found else "",
        "units": found.units if found else 0,
        "elsewhere": found.elsewhere if found else 0,
        "days": found.days if found else 0,
        "buffer": found.buffer if found else 0,
    }


def say_status(found: dict[str, Any]) -> None:
    """A row for each channel, then what is at risk."""
    channels: list[publication.ChannelHealth] = found["channels"]
    rows = [
        (
            one.channel, one.state, one.listings, one.backlog, seconds(one.lag_p50_seconds, one.lag_samples),
            seconds(one.lag_p95_seconds, one.lag_samples), one.buffer_units, one.over_exposed,
            share(one.accuracy_day), share(one.accuracy_week), one.oversold_units, share(one.ahead_week),
        )
        for one in channels
    ]  # fmt: skip
    columns = (
        "channel", "state", ">listings", ">waiting", ">lag p50", ">lag p95", ">buffer", ">over-exposed", ">right 24 h",
        ">right 7 d", ">oversold 7 d", ">ahead right 7 d",
    )  # fmt: skip
    say_table("Channels", columns, rows, empty="none is configured")
    for one in channels:
        if one.reason:
            out.print(f"{one.channel} is {one.state}: {one.reason}", markup=False)
    names = {one.channel_id: one.channel for one in channels}
    over: list[publication.Standing] = found["over_exposed"]
    risks = [
        (names.get(item.channel_id, ""), item.listing, item.acknowledged, item.told, item.most) for item in over[:SHOWN]
    ]
    say_table("Over-exposed", ("channel", "listing", ">shows", ">told", ">could be sold"), risks, empty="nothing")


def seconds(value: int, samples: int) -> str:
    """A lag in words; nothing where it was not measured."""
    if not samples:
        return ""
    return f"{value} s" if value < 120 else f"{value // 60} min"


def share(accuracy: publication.Accuracy) -> str:
    """A percentage; nothing where nothing was listed, or could be ordered ahead."""
    return "" if accuracy.share is None else f"{accuracy.share:.1%}"
