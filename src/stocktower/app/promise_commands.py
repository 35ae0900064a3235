"""Commands about promises: what can be promised by when."""

from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from stocktower import inventory, network
from stocktower.app.administration import day
from stocktower.app.home import Tower
from stocktower.app.options import HomeOption, JsonFlag, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku

QuantityOption = Annotated[int, Parameter(validator=Number(gte=1), help="Units to be promised.")]


def atp(
    sku: str,
    /,
    *,
    channel: str | None = None,
    by: Annotated[str | None, Parameter(help="A date, to its end.")] = None,
    quantity: QuantityOption = 1,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """What can be promised of SKU by date: from stock, and from what is confirmed to come."""
    with opened(home) as tower:
        found = find_atp(tower, sku, channel, by, quantity)
    say_json(found) if json else say_atp(found)


def find_atp(tower: Tower, code: str, channel: str | None, by: str | None, quantity: int) -> dict[str, Any]:
    """The answer of one channel or of all."""
    until = day(by, "--by")
    with tower.reading() as tx:
        facts = network.load_network(tx)
        sku = find_sku(tx, code)
        if channel is not None and channel not in facts.channel_ids:
            known = ", ".join(sorted(facts.channel_ids))
            raise CommandFailed(f"--channel {channel}: not a channel; one of {known}", code=3)
        promisable = inventory.load_promisable(tx, [sku.sku_id], facts)
        answers = [
            inventory.answer_atp(promisable, sku.sku_id, channel_id, quantity=quantity, by=until)
            for code, channel_id in facts.channel_ids.items()
            if channel in (None, code)
        ]
        return {"sku": sku.code, "name": sku.name, "kind": sku.kind, "now": tx.now, "channels": answers}


def say_atp(found: dict[str, Any]) -> None:
    """Each channel with its table by date."""
    answers: list[inventory.AtpAnswer] = found["channels"]
    for answer in answers:
        unit = "unit" if answer.quantity == 1 else "units"
        when = f"from {answer.earliest:%Y-%m-%d %H:%M} UTC" if answer.earliest else "by nothing that is confirmed"
        rows: list[tuple[object, ...]] = [
            (
                "now" if place == 0 else f"{point.at:%Y-%m-%d %H:%M}",
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
        title = f"{found['sku']} in {answer.channel}: {answer.quantity:,} {unit} {when}"
        columns = ("from (UTC)", ">arriving", "with", ">promised", ">leaves", ">ATP")
        say_table(title, columns, rows, empty="nothing")
        if answer.by is not None:
            atp = "any quantity" if answer.atp is None else f"{answer.atp:,}"
            out.print(f"By {answer.by:%Y-%m-%d %H:%M} UTC: {atp}", markup=False)
        for one in answer.not_counted:
            reason = "not confirmed" if one.confirmed_at is None else "late" if one.expected_at else "without a date"
            out.print(f"Not counted: {one.open:,} of {one.reference}, {reason}", markup=False)
