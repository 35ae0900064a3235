"""Today: what is at risk now, from the flow of orders, by cause, and in the three lines that must agree."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get

from stocktower import access, exchange, finance, publication, worklist
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web import formats
from stocktower.web.acts import act_text
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.pages.cases import TONES

CAUSES = 20
IMPORTS = 5

STEP_NAMES = {
    "capture": "Capture",
    "validate": "Validate",
    "reserve": "Reserve",
    "route": "Route",
    "release": "Release",
    "fulfil": "Fulfil",
}
STEP_MEANS = {
    "capture": "not all listings are mapped",
    "validate": "held or not paid",
    "reserve": "not all is allocated",
    "route": "no site was found",
    "release": "to be handed over",
    "fulfil": "with a site",
}


class Line(msgspec.Struct, frozen=True):
    """One of the lines that must agree."""

    name: str
    left: str
    right: str
    difference: str
    """Empty: they agree."""
    href: str
    note: str = ""


def begin_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight in the merchant's zone."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def with_most_money(steps: Sequence[orders.FlowStep]) -> str:
    """The step that holds most money, if any does."""
    best = max(steps, key=lambda step: step.money_minor, default=None)
    return best.step if best is not None and best.money_minor > 0 else ""


def agreements(tx: Transaction, desk: Desk) -> list[Line]:
    """Stock value and ledger, customers and ledger, told and true."""
    lines: list[Line] = []
    if desk.may(access.Permission.READ_BOOKS):
        lines += [_stock_line(value) for value in finance.load_stock_values(tx)]
        lines += [_customers_line(total) for total in finance.load_customer_totals(tx)]
    network = desk.network(tx)
    wrong = publication.compare(tx, network)
    over = sum(1 for one in wrong if one.over_exposed)
    told = publication.count_told(tx)
    note = f"{formats.plural(over, 'listing')} over what there is" if over else ""
    difference = formats.plural(len(wrong), "listing") if wrong else ""
    right = f"{told - len(wrong):,} true now"
    lines.append(Line("Told = true", f"{told:,} listings told", right, difference, "/stock?q=is:told_wrong", note))
    return lines


def _stock_line(value: finance.StockValue) -> Line:
    apart = value.value_minor - value.ledger_minor
    return Line(
        "Stock value = ledger",
        formats.money(value.value_minor, value.currency),
        formats.money(value.ledger_minor, value.currency),
        formats.money(apart, value.currency) if apart else "",
        "/books",
        f"{value.entity}, {value.quantity:,} units",
    )


def _customers_line(total: finance.CustomerTotal) -> Line:
    apart = total.orders_minor - total.ledger_minor
    return Line(
        "Orders' balances = ledger",
        formats.money(total.orders_minor, total.currency),
        formats.money(total.ledger_minor, total.currency),
        formats.money(apart, total.currency) if apart else "",
        "/books",
        f"{total.entity}, owed less paid ahead",
    )


@get("/", sync_to_thread=True)
def today_page(desk: AtDesk) -> Response[str]:
    """The first page of the day."""
    with desk.reading() as tx:
        zone = formats.zone_of(desk.network(tx).timezone)
        flow = orders.flow_strip(tx, begin_of_day(tx.now, zone))
        causes = worklist.load_cases(tx, worklist.CaseFilter(sort="money"), limit=CAUSES)
        kinds = worklist.count_kinds(tx)
        return desk.show(
            tx, "today.html", title="Today", flow=flow, most=with_most_money(flow),
            money=sum(step.money_minor for step in flow), under_way=sum(step.orders for step in flow),
            late=sum(step.late for step in flow), shipped_today=flow[-1].passed_today if flow else 0,
            step_names=STEP_NAMES, step_means=STEP_MEANS, causes=causes,
            at_risk=sum(kind.money_minor for kind in kinds), tones=TONES, kind_text=worklist.kind_text,
            act_text=act_text, lines=agreements(tx, desk),
            imports=exchange.load_imports(tx, limit=IMPORTS),
        )  # fmt: skip
