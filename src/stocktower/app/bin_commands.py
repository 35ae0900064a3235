"""Commands of bins: what lies in them, and what is put away or moved among them."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from stocktower import inventory
from stocktower.access import Permission as P
from stocktower.app import administration
from stocktower.app.goods_commands import AtOption, LinesOption, commit, pairs, said
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, opened
from stocktower.app.output import CommandFailed, say_json, say_table
from stocktower.exchange import BinMoveDocument, BinMoveLine
from stocktower.insight import BadBinPlace, load_bin_history, load_bins_page
from stocktower.network import load_network

bins_app = App(name="bins", help="Where units lie inside sites that keep bins: list them, move them.")
FromOption = Annotated[str, Parameter(name="--from", help="The bin that they lie in; left out: they are not put away.")]
ToOption = Annotated[str, Parameter(name="--to", help="The bin that they go to; left out: out of bins.")]
BinsOption = Annotated[tuple[str, ...], Parameter(name="--bin", help="A bin, or a zone: what stands before a dash.")]
SkusOption = Annotated[tuple[str, ...], Parameter(name="--sku", help="Only of these SKUs.")]
LimitOption = Annotated[int, Parameter(validator=Number(gte=1, lte=10_000), help="The most lines.")]
AfterOption = Annotated[str, Parameter(help="`next` of the page before.")]


@bins_app.command(name="list")
def list_bins(
    *, site: str = "", bin: BinsOption = (), sku: SkusOption = (), after: AfterOption = "", limit: LimitOption = 200,
    home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """What lies in which bin, site by site as people walk."""
    with opened(home) as tower, tower.reading() as tx:
        network = load_network(tx)
        if site and site not in network.site_ids:
            raise CommandFailed(f"--site {site}: one of {', '.join(sorted(network.site_ids))}", code=3)
        try:
            page = load_bins_page(tx, network, site=site, codes=bin, skus=sku, after=after, limit=limit)
        except BadBinPlace as error:
            raise CommandFailed(f"--after: {error}; take it from the page before") from error
    if json:
        say_json({"bins": page.lines, "next": page.next})
        return
    rows = [
        (one.site, one.zone, one.bin, one.sku, one.status, one.owner, one.lot, one.quantity) for one in page.lines
    ]  # fmt: skip
    columns = ("site", "zone", "bin", "SKU", "status", "owner", "lot", ">units")
    say_table(
        "In bins", columns, rows, empty="nothing; a stock file with a column bin, or a bin move, puts units there"
    )


@bins_app.command(name="history")
def history(
    *, site: str = "", bin: BinsOption = (), sku: SkusOption = (), before: AfterOption = "", limit: LimitOption = 200,
    home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """What moved in and out of bins, the last recorded first."""
    with opened(home) as tower, tower.reading() as tx:
        network = load_network(tx)
        if site and site not in network.site_ids:
            raise CommandFailed(f"--site {site}: one of {', '.join(sorted(network.site_ids))}", code=3)
        try:
            page = load_bin_history(tx, network, site=site, codes=bin, skus=sku, before=before, limit=limit)
        except BadBinPlace as error:
            raise CommandFailed(f"--before: {error}; take it from the page before") from error
    if json:
        say_json({"changes": page.changes, "next": page.next})
        return
    rows = [
        (f"{one.recorded_at:%Y-%m-%d %H:%M}", one.site, one.bin, one.sku, one.status, one.lot, one.reason,
         f"{one.reference} {one.reference_id}".strip(), f"{one.change:+,}", one.in_bin)
        for one in page.changes
    ]  # fmt: skip
    columns = ("learned (UTC)", "site", "bin", "SKU", "status", "lot", "why", "by", ">change", ">in bin")
    say_table("Bin moves", columns, rows, empty="nothing has moved in or out of such a bin")


@bins_app.command(name="move")
def move_in_bins(
    reference: str, /, *, site: str, line: LinesOption, origin: FromOption = "", destination: ToOption = "",
    status: str = "available", lot: str = "", owner: str = "", at: AtOption = None, dry_run: DryRunFlag = False,
    home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Put units away, or move them from bin to bin, under the number REFERENCE; the same again changes nothing."""
    lines = tuple(
        BinMoveLine(sku, units, origin, destination, status, lot, owner)
        for sku, units in pairs(line, "--line").items()
    )  # fmt: skip
    document = BinMoveDocument(reference, site, lines, administration.instant(at, "--at"))
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_bin_moves(tx, document), dry_run=dry_run)
    said(done, dry_run=dry_run, json=json)
