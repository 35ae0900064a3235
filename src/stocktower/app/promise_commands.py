"""Commands about promises: what can be promised by when."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from stocktower import network
from stocktower.app.administration import day, instant
from stocktower.app.history_commands import AtOption
from stocktower.app.home import Tower
from stocktower.app.options import HomeOption, JsonFlag, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku, moment_of
from stocktower.insight import AtpAnswers, answer_atp

QuantityOption = Annotated[int, Parameter(validator=Number(gte=1), help="Units to be promised.")]


def atp(
    sku: str,
    /,
    *,
    channel: str | None = None,
    by: Annotated[str | None, Parameter(help="A date, to its end.")] = None,
    quantity: QuantityOption = 1,
    at: AtOption = None,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """What can be promised of SKU by date, now or by what we knew at any instant: from stock, and from what is
    confirmed to come."""
    with opened(home) as tower:
        found = find_atp(tower, sku, channel, by, quantity, at)
    say_json(found) if json else say_atp(found)


def find_atp(
    tower: Tower, code: str, channel: str | None, by: str | None, quantity: int, at: str | None
) -> AtpAnswers:  # fmt: skip
    """The answer of one channel or of all."""
    until, instant_at = day(by, "--by"), instant(at, "--at")
    with tower.reading() as tx:
        moment = moment_of(tx, instant_at)
        facts = moment.network if moment else network.load_network(tx)
        sku = find_sku(tx, code)
        if channel is not None and channel not in facts.channel_ids:
            known = ", ".join(sorted(facts.channel_ids))
            raise CommandFailed(f"--channel {channel}: not a channel; one of {known}", code=3)
        return answer_atp(tx, sku, channel=channel or "", quantity=quantity, by=until, moment=moment)


def say_atp(found: AtpAnswers) -> None:
    """Each channel with its table by date."""
    first = "now" if found.as_of is None else f"{found.now:%Y-%m-%d %H:%M}"
    if found.as_of:
        out.print(f"{found.sku} as of {found.as_of}, as we knew it.", markup=False)
        out.print(f"Event {found.position:,} was the last; configuration version {found.configuration} was applied.")
    for answer in found.channels:
        unit = "unit" if answer.quantity == 1 else "units"
        when = f"from {answer.earliest:%Y-%m-%d %H:%M} UTC" if answer.earliest else "by nothing that is confirmed"
        rows: list[tuple[object, ...]] = [
            (
                first if place == 0 else f"{point.at:%Y-%m-%d %H:%M}",
                point.arriving,
                ", ".join(one.reference for one in point.arrivals),
                point.promised,
                point.level,
                point.atp,
            )
            for place, point in enumerate(answer.timeline.points)
        ]
        if answer.timeline.always_at:
            rows.append((f"{answer.timeline.always_at:%Y-%m-%d %H:%M}", "", "lead time", "", "", "any"))
        title = f"{found.sku} in {answer.channel}: {answer.quantity:,} {unit} {when}"
        columns = ("from (UTC)", ">arriving", "with", ">promised", ">leaves", ">ATP")
        say_table(title, columns, rows, empty="nothing")
        if answer.by is not None:
            atp = "any quantity" if answer.atp is None else f"{answer.atp:,}"
            out.print(f"By {answer.by:%Y-%m-%d %H:%M} UTC: {atp}", markup=False)
        for one in answer.not_counted:
            reason = "not confirmed" if one.confirmed_at is None else "late" if one.expected_at else "without a date"
            out.print(f"Not counted: {one.open:,} of {one.reference}, {reason}", markup=False)
