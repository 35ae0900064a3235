"""Commands about why a figure is what it is, and what it was: ATS with its waterfall, the history of stock rows."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from stocktower import inventory, network
from stocktower.app import reads, words
from stocktower.app.administration import instant
from stocktower.app.home import Tower
from stocktower.app.options import HomeOption, JsonFlag, opened
from stocktower.app.output import CommandFailed, say_json, say_table
from stocktower.insight import HistoryEntry, name_entries
from stocktower.inventory import Basis
from stocktower.inventory import views as ledger

AtOption = Annotated[str | None, Parameter(help="As of an instant of the past, with its offset from UTC.")]
AsOption = Annotated[
    Literal["recorded", "occurred"],
    Parameter(name="--as", help="With --at: as we knew it then, or as it was by what was learned later."),
]
LimitOption = Annotated[int, Parameter(validator=Number(gte=1, lte=10_000), help="The most entries.")]


def ats(
    sku: str,
    /,
    *,
    channel: str | None = None,
    at: AtOption = None,
    basis: AsOption = "recorded",
    explain: bool = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """What each channel may still sell of SKU, now or at any instant; --explain shows the way from on hand."""
    with opened(home) as tower:
        found = reads.ats(tower, sku, channel, instant(at, "--at"), Basis(basis))
    say_json(found) if json else words.say_ats(found, explain=explain)


def history(
    sku: str,
    /,
    *,
    site: str | None = None,
    at: AtOption = None,
    limit: LimitOption = 50,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """What happened to the stock rows of SKU: moves and reservations with both balances, the newest first."""
    with opened(home) as tower:
        found = find_history(tower, sku, site, at, limit)
    if json:
        say_json(found)
        return
    entries: list[HistoryEntry] = found["entries"]
    rows = [
        (f"{one.recorded_at:%Y-%m-%d %H:%M:%S}",
         f"{one.occurred_at:%Y-%m-%d %H:%M:%S}" if one.occurred_at != one.recorded_at else "", one.site, one.status,
         one.what, one.reason, one.reference, one.journal or "", f"{one.change:+,}", one.on_hand, one.allocated)
        for one in entries
    ]  # fmt: skip
    columns = (
        "recorded",
        "happened",
        "site",
        "status",
        "",
        "why",
        "by",
        "journal",
        ">change",
        ">on hand",
        ">allocated",
    )
    say_table(f"{found['sku']}  {found['name']} (UTC)", columns, rows, empty="nothing ever happened to it")


def find_history(tower: Tower, code: str, site: str | None, at: str | None, limit: int) -> dict[str, Any]:
    """The entries of a SKU's rows, at one site or at all."""
    until = instant(at, "--at")
    with tower.reading() as tx:
        facts = network.load_network(tx)
        sku = reads.find_sku(tx, code)
        if site is not None and site not in facts.site_ids:
            raise CommandFailed(f"--site {site}: not a site; one of {', '.join(sorted(facts.site_ids))}", code=3)
        found = inventory.load_availability(tx, [sku.sku_id], facts).rows(sku.sku_id)
        rows = {row.stock_id: row for row in found if site is None or row.site_id == facts.site_ids[site]}
        before = ledger.HistoryKey(until, *ledger.FIRST) if until else None
        page = ledger.load_history(tx, list(rows), before=before, limit=limit)
        return {"sku": sku.code, "name": sku.name, "entries": name_entries(tx, facts, rows, page.entries)}
