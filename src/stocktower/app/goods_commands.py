"""Commands of goods that move: what is on its way, receipts, transfers, adjustments, status changes."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from cyclopts import App, Parameter

from stocktower import inventory, ordering
from stocktower.access import Permission as P
from stocktower.app import administration
from stocktower.app.home import Tower, rehearsal
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.exchange import AdjustmentDocument, InboundDocument, InboundLine, ReceiptDocument, ReceiptLine
from stocktower.exchange import TransferDocument as TransferStatement
from stocktower.exchange import TransferLine as TransferStatementLine
from stocktower.inventory import NotUsable, Stated
from stocktower.network import load_network
from stocktower.platform import Transaction, run_again

T = TypeVar("T")
inbound_app = App(name="inbound", help="What is on its way: list it, or state what will come.")
transfer_app = App(name="transfer", help="Transfers between sites: order, ship, arrive, close, cancel, show.")

LinesOption = Annotated[tuple[str, ...], Parameter(name="--line", help="SKU=QUANTITY, once for each SKU.")]
DamagedOption = Annotated[tuple[str, ...], Parameter(name="--damaged", help="SKU=QUANTITY that arrived broken.")]
AtOption = Annotated[str | None, Parameter(name="--at", help="When it happened; else now.")]
ExpectedOption = Annotated[str | None, Parameter(name="--expected", help="When it can be used there.")]


def commit(tower: Tower, do: Callable[[Transaction], T], *, dry_run: bool) -> T:
    """One command, run again where it met another; what is refused is a failure in words."""

    def once() -> T:
        with tower.transaction(actor()) as tx, rehearsal(tx, dry_run=dry_run):
            return do(tx)

    try:
        return run_again(once)
    except NotUsable as error:
        raise CommandFailed(f"--{error.field.replace('_', '-')}: {error.problem}; {error.fix}") from error


def pairs(stated: tuple[str, ...], option: str) -> dict[str, int]:
    """SKU=QUANTITY as data; raises CommandFailed."""
    found: dict[str, int] = {}
    for text in stated:
        sku, mark, quantity = text.rpartition("=")
        if not mark or not sku or not quantity.isascii() or not quantity.isdigit():
            raise CommandFailed(f"{option} {text}: write SKU=QUANTITY, such as CUP=12")
        found[sku] = found.get(sku, 0) + int(quantity)
    return found


def said(done: Stated, *, dry_run: bool, json: bool) -> None:
    """What became of a statement."""
    if json:
        say_json({"dry_run": dry_run, "done": done})
        return
    would = "would be " if dry_run else ""
    out.print(f"{done.kind.capitalize()} {done.reference}: {would}{done.state}, {done.units:+,} units", markup=False)


@inbound_app.command(name="list")
def list_inbound(
    *, sku: str = "", reference: str = "", site: str = "", late: bool = False, limit: int = 200,
    home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """What is on its way, the soonest first; --late: what should be there by now."""
    with opened(home) as tower, tower.reading() as tx:
        network = load_network(tx)
        if site and site not in network.site_ids:
            raise CommandFailed(f"--site {site}: one of {', '.join(sorted(network.site_ids))}", code=3)
        filters = inventory.ComingFilter(sku, reference, network.site_ids.get(site, 0), late)
        page = inventory.load_coming_page(tx, filters, limit=limit)
    if json:
        say_json({"total": page.total, "inbound": page.rows})
        return
    rows = [
        (
            row.inbound.reference, row.inbound.kind, row.sku, network.sites[row.inbound.site_id].code,
            row.inbound.open, row.inbound.expected,
            f"{row.inbound.expected_at:%Y-%m-%d %H:%M}" if row.inbound.expected_at else "",
            "late" if row.late else "" if row.inbound.confirmed_at else "not confirmed",
        )
        for row in page.rows
    ]  # fmt: skip
    columns = ("reference", "kind", "SKU", "site", ">open", ">expected", "from (UTC)", "")
    say_table(f"On its way: {page.total:,}", columns, rows, empty="nothing")


@inbound_app.command(name="state")
def state_inbound(
    reference: str, /, *, site: str, line: LinesOption, expected: ExpectedOption = None, supplier: str = "",
    unconfirmed: bool = False, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say what will come under REFERENCE, as a whole; 0 of a SKU: nothing more will."""
    at = administration.instant(expected, "--expected")
    lines = tuple(InboundLine(sku, units, at) for sku, units in pairs(line, "--line").items())
    document = InboundDocument(reference, site, lines, supplier=supplier, confirmed=not unconfirmed)
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_inbound(tx, document), dry_run=dry_run)
    said(done, dry_run=dry_run, json=json)


def receive(
    reference: str, /, *, site: str, line: LinesOption = (), damaged: DamagedOption = (), inbound: str = "",
    complete: bool = False, at: AtOption = None, dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Receive a delivery under the number REFERENCE, whole; --complete: nothing more of --inbound will come."""
    good, broken = pairs(line, "--line"), pairs(damaged, "--damaged")
    lines = tuple(ReceiptLine(sku, good.get(sku, 0), broken.get(sku, 0)) for sku in {**good, **broken})
    document = ReceiptDocument(reference, site, lines, inbound, administration.instant(at, "--at"), complete)
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_receipt(tx, document), dry_run=dry_run)
    said(done, dry_run=dry_run, json=json)


def adjust(
    sku: str, quantity: int, /, *, site: str, reason: str, reference: str = "", status: str = "available",
    lot: str = "", note: str = "", at: AtOption = None, dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Change the stock of SKU by the difference QUANTITY, for a reason of the configuration."""
    when = administration.instant(at, "--at")
    document = AdjustmentDocument(reference, site, sku, quantity, reason, status, lot, note=note, occurred_at=when)
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_adjustment(tx, document), dry_run=dry_run)
    said(done, dry_run=dry_run, json=json)


def status_change(
    sku: str, /, *, site: str, to: str, why: str, quantity: int | None = None, status: str = "available",
    lot: str = "", owner: str = "", cut: bool = False, dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Give units of SKU another status; with --cut orders that are not released give way for it."""

    def do(tx: Transaction) -> inventory.Withdrawn:
        return ordering.change_status(
            tx, sku=sku, site=site, status=status, to_status=to, units=quantity, lot=lot, owner=owner, why=why, cut=cut
        )

    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, do, dry_run=dry_run)
    moved, stuck = sum(units for _, _, units in done.moved), sum(units for _, units in done.stuck)
    waiting = sorted({one.order_id for one in done.cuts})
    if json:
        say_json({"dry_run": dry_run, "moved": moved, "stuck": stuck, "waiting_again": waiting})
        return
    would = "would be" if dry_run else "are"
    out.print(f"{moved:,} of {sku} {would} {to} at {site}; {len(waiting):,} orders wait again", markup=False)
    if stuck:
        out.print(f"{stuck:,} are with requests that the site has in hand, and stay {status}", markup=False)


def step(
    reference: str, what: str, lines: tuple[str, ...], damaged: tuple[str, ...], at: str | None, dry_run: bool,
    home: HomeOption, json: bool, *, origin: str = "", destination: str = "", expected: str | None = None,
    document: str = "",
) -> None:  # fmt: skip
    """Enter one step of a transfer."""
    good, broken = pairs(lines, "--line"), pairs(damaged, "--damaged")
    stated = TransferStatement(
        reference, what,
        tuple(TransferStatementLine(sku, good.get(sku, 0), broken.get(sku, 0)) for sku in {**good, **broken}),
        origin, destination, administration.instant(at, "--at"), administration.instant(expected, "--expected"),
        document,
    )  # fmt: skip
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_transfer(tx, stated), dry_run=dry_run)
    said(done, dry_run=dry_run, json=json)


@transfer_app.command(name="order")
def order_transfer(
    reference: str, /, *, origin: Annotated[str, Parameter(name="--from")],
    destination: Annotated[str, Parameter(name="--to")], line: LinesOption, expected: ExpectedOption = None,
    at: AtOption = None, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Order a transfer: the units are reserved at its source, and expected at its destination."""
    step(
        reference, "ordered", line, (), at, dry_run, home, json, origin=origin, destination=destination,
        expected=expected,
    )  # fmt: skip


@transfer_app.command(name="ship")
def ship_transfer(
    reference: str, /, *, line: LinesOption = (), at: AtOption = None, document: str = "",
    dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Units leave the source; without --line all that is ordered."""
    step(reference, "shipped", line, (), at, dry_run, home, json, document=document)


@transfer_app.command(name="arrive")
def arrive_transfer(
    reference: str, /, *, line: LinesOption = (), damaged: DamagedOption = (), at: AtOption = None,
    document: str = "", dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Units arrive; without --line all that is in transit."""
    step(reference, "arrived", line, damaged, at, dry_run, home, json, document=document)


@transfer_app.command(name="end")
def end_transfer(
    reference: str, how: Literal["closed", "cancelled"], /, *, dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """closed: nothing more arrives, a case opens for what is missing; cancelled: what is not shipped stays."""
    step(reference, how, (), (), None, dry_run, home, json)


@transfer_app.command(name="show")
def show_transfer(reference: str, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """One transfer, line by line."""
    from stocktower.catalog import load_skus

    with opened(home) as tower, tower.reading() as tx:
        found = inventory.load_transfer(tx, reference)
        if found is None:
            raise CommandFailed(f"{reference}: there is no such transfer", code=3)
        transfer, lines = found
        skus = load_skus(tx, {line.sku_id for line in lines})
        network = load_network(tx)
    if json:
        say_json({"transfer": transfer, "lines": lines})
        return
    rows = [
        (skus[one.sku_id].code, one.lot, one.ordered, one.shipped, one.arrived, one.damaged, one.in_transit,
         one.lost + one.claimed, one.returned, one.cancelled)
        for one in lines
    ]  # fmt: skip
    names = (
        "SKU",
        "lot",
        ">ordered",
        ">shipped",
        ">arrived",
        ">damaged",
        ">in transit",
        ">lost",
        ">back",
        ">cancelled",
    )
    sites = f"{network.sites[transfer.from_site_id].code} to {network.sites[transfer.to_site_id].code}"
    say_table(f"Transfer {reference}, {sites}: {transfer.state}", names, rows, empty="nothing")
