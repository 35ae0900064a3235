"""Commands of the reorder trigger: what should be ordered, and what people decide about it."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from cyclopts import App, Parameter
from cyclopts.validators import Number

from stocktower import catalog, network, purchasing
from stocktower.access import Permission as P
from stocktower.app import administration
from stocktower.app.options import HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku
from stocktower.platform import Transaction
from stocktower.purchasing import NotOrderable, Proposal, UnknownProposal

T = TypeVar("T")
reorder_app = App(name="reorder", help="What should be ordered of whom, by demand and lead time.")

RecomputeFlag = Annotated[bool, Parameter(negative="", help="Compute it now; else as of this morning.")]
Number_ = Annotated[int, Parameter(help="Number of the proposal.")]
Numbers = Annotated[tuple[int, ...], Parameter(help="Numbers of proposals.")]
QuantityOption = Annotated[int, Parameter(validator=Number(gte=1), help="Units to be ordered.")]


def in_words(home: HomeOption, do: Callable[[Transaction], T], needs: P | None = P.ADJUST_STOCK) -> T:
    """One command in a transaction; what is refused is a failure in words."""
    with opened(home, needs) as tower:
        administration.need_applied(tower)
        try:
            with tower.transaction(actor()) as tx:
                return do(tx)
        except UnknownProposal as unknown:
            raise CommandFailed(str(unknown), code=3) from unknown
        except NotOrderable as refusal:
            raise CommandFailed(f"--quantity: {refusal}") from refusal


@reorder_app.default
def reorder(*, recompute: RecomputeFlag = False, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What should be ordered, by supplier, with every figure behind it (--json)."""
    found = in_words(
        home, lambda tx: named(tx, purchasing.recompute(tx) if recompute else purchasing.load_open(tx)), needs=None
    )
    say_json({"proposals": found}) if json else say(found)


@reorder_app.command
def accept(numbers: Numbers, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Order: proposals become inbound, one reference a supplier, not promised until the supplier confirms."""
    found = in_words(home, lambda tx: named(tx, purchasing.accept(tx, numbers)))
    if json:
        say_json({"accepted": found})
    for one in () if json else found:
        out.print(f"{one['reference']}: {one['quantity']:,} {one['sku']} of {one['supplier']}", markup=False)


@reorder_app.command
def change(number: Number_, /, *, quantity: QuantityOption, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Order another quantity; it is not computed over."""
    found = in_words(home, lambda tx: named(tx, [purchasing.change(tx, number, quantity)]))
    say_json(found[0]) if json else say(found)


@reorder_app.command
def dismiss(numbers: Numbers, /, *, note: str = "", home: HomeOption = None, json: JsonFlag = False) -> None:
    """Do not order; it is proposed again after a week where it is still needed."""
    found = in_words(home, lambda tx: named(tx, purchasing.dismiss(tx, numbers, note)))
    say_json({"dismissed": found}) if json else out.print(f"{len(found):,} dismissed")


@reorder_app.command(name="supply")
def show_supply(*skus: str, home: HomeOption = None, json: JsonFlag = False) -> None:
    """How SKUS come: of whom, how they are ordered, how long it takes, and where each figure is from."""
    with opened(home) as tower, tower.reading() as tx:
        found = purchasing.load_supply(tx, [find_sku(tx, code).sku_id for code in skus])
    if json:
        say_json({"supply": found})
        return
    rows = [
        (one.sku, one.supplier or "-", one.site, one.kind, one.moq, one.order_multiple,
         "-" if one.lead_time_days is None else f"{one.lead_time_days}, nine of ten {one.late_days}",
         f"{one.deliveries} deliveries" if one.deliveries else ", ".join(one.of_product) or "configuration")
        for one in found
    ]  # fmt: skip
    columns = ("SKU", "supplier", "site", "kind", ">least", ">multiple", "days", "measured, or stated with the product")
    say_table("Supply", columns, rows, empty="nothing says how they come; state it with the product or in [[supply]]")


def named(tx: Transaction, proposals: list[Proposal]) -> list[dict[str, Any]]:
    """Proposals with the codes of their SKUs and sites."""
    skus = catalog.load_skus(tx, {one.sku_id for one in proposals})
    sites = network.load_network(tx).sites
    return [
        {
            "proposal": one.proposal_id, "supplier": one.supplier, "sku": skus[one.sku_id].code,
            "site": sites[one.site_id].code, "quantity": one.quantity, "is_changed": one.is_changed,
            "state": one.state, "reference": one.reference, "computed_at": one.computed_at, "figures": one.figures,
        }
        for one in proposals
    ]  # fmt: skip


def say(found: list[dict[str, Any]]) -> None:
    """Proposals by supplier."""
    shown = ("demand per day", "lead time", "reorder point", "free", "coming", "waiting")
    rows = [
        (one["proposal"], one["supplier"], one["sku"], one["site"], one["quantity"],
         "; ".join(f"{figure.name} {figure.value}" for figure in one["figures"] if figure.name in shown))
        for one in found
    ]  # fmt: skip
    columns = (">proposal", "supplier", "SKU", "site", ">quantity", "because")
    say_table("To order", columns, rows, empty="nothing; every SKU is above its reorder point")
