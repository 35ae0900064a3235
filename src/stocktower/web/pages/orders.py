"""Orders: the list, and one order with everything that happened to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, FromQuery

from stocktower import access, customers, exchange, finance, model, ordering, payments, worklist
from stocktower.network import Network
from stocktower.ordering import views
from stocktower.platform import Transaction
from stocktower.web import formats
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.forms import FilledForm, Form

PAGE = 50
MOST_NUMBERS = 100
STATES = (
    "open", "backordered", "partially_backordered", "reserved", "partially_reserved", "released", "picked",
    "partially_shipped", "shipped", "cancelled", "history",
)  # fmt: skip
STEPS = ("capture", "validate", "reserve", "route", "release", "fulfil", "done")
WAITS = ("listing", "total", "payment", "hold", "stock", "inbound", "site", "site_confirmation")

VOCABULARY = (
    Word("state", "where its goods are", STATES),
    Word("waits", "what it waits for", WAITS),
    Word("step", "the step that it could not complete yet", STEPS),
    Word("is", "live: not done yet, done, or history", ("live", "done", "history")),
    Word("channel", "code of the channel"),
    Word("site", "code of a site that has a request for it"),
    Word("sku", "code of a SKU on a line"),
    Word("hold", "name of an open hold"),
    Word(
        "payment", "how it is paid",
        (
            "unpaid", "pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided",
            "expired", "failed",
        ),
    ),
    Word("country", "where it goes, two letters"),
    Word("number", "the beginning of its number"),
    Word("age", "since it was placed", compares="span"),
    Word("total", "whole units of the book currency", compares="number"),
)  # fmt: skip

VIEWS = (
    ("Live", "is:live"),
    ("Waiting for stock", "waits:stock"),
    ("Preordered", "waits:inbound"),
    ("Held", "waits:hold,total,payment,listing,site"),
    ("With a site", "waits:site_confirmation"),
    ("Shipped", "state:shipped"),
    ("All", ""),
)

WAIT_WORDS = {
    "": "",
    "listing": "a listing that is not mapped",
    "total": "a total that does not foot",
    "payment": "its payment",
    "hold": "a hold",
    "stock": "stock",
    "inbound": "an inbound that it was promised from",
    "site": "a site that can serve it",
    "site_confirmation": "the site",
}


def order_filter(wanted: Filter, now: datetime, minor_units: int) -> views.OrderFilter:
    """A sentence of words as the filter of orders; words without a name are the beginning of a number."""
    kinds = wanted.many("is")
    older, younger = wanted.above("age"), wanted.below("age")
    above, below = wanted.above("total"), wanted.below("total")
    return views.OrderFilter(
        states=wanted.many("state"),
        payments=wanted.many("payment"),
        steps=wanted.many("step"),
        waits=wanted.many("waits"),
        holds=wanted.many("hold"),
        channels=wanted.many("channel"),
        sites=wanted.many("site"),
        skus=wanted.many("sku"),
        countries=tuple(code.upper() for code in wanted.many("country")),
        placed_before=now - timedelta(seconds=older) if older is not None else None,
        placed_from=now - timedelta(seconds=younger) if younger is not None else None,
        total_above=None if above is None else above * minor_units,
        total_below=None if below is None else below * minor_units,
        number=wanted.one("number") or wanted.free,
        under_way=True if "live" in kinds else False if "done" in kinds else None,
        history=True if "history" in kinds else False if kinds else None,
    )


def promise_tone(row: views.OrderRow, now: datetime) -> str:
    """Whether the promise to ship is broken or at risk."""
    if row.ship_by_at is None or row.step == "done":
        return ""
    if row.ship_by_at < now:
        return "broken"
    return "risk" if row.ship_by_at - now < timedelta(hours=24) else ""


def state_tone(row: views.OrderRow) -> str:
    """How the state of an order is marked: what waits for somebody stands out from what is on its way."""
    if row.fulfillment_state in ("shipped", "cancelled", "history"):
        return ""
    return "waiting" if row.waits_for not in ("", "site_confirmation") else "plain"


def find_orders(
    tx: Transaction, network: Network, wanted: Filter, minor_units: int, *, after: str = "", limit: int = PAGE
) -> views.OrderPage:
    """A page of the orders that a sentence of words asks for; several numbers are looked up one by one."""
    numbers = wanted.many("number")
    if len(numbers) < 2:
        return views.list_orders(tx, network, order_filter(wanted, tx.now, minor_units), after=after, limit=limit)
    rows = tuple(row for number in numbers[:MOST_NUMBERS] for row in views.find_orders(tx, network, number))
    return views.OrderPage(rows, "", len(rows))


def read_filter(text: str) -> Filter:
    """A sentence of words about orders; says so where a number makes the other words pointless."""
    wanted = parse_filter(text, VOCABULARY)
    others = len(wanted.words) + len(wanted.comparisons) - ("number" in wanted.words)
    if others and (wanted.free or wanted.many("number")):
        said = "a number is looked for among all orders; the other words are left out"
        return msgspec.structs.replace(wanted, problems=(*wanted.problems, said))
    return wanted


@get("/orders", sync_to_thread=True)
def orders_page(desk: AtDesk, q: FromQuery[str | None] = None, after: FromQuery[str] = "") -> Response[str]:
    """The orders that a sentence of words asks for, the last placed first."""
    wanted = read_filter(VIEWS[0][1] if q is None else q)
    with desk.reading() as tx:
        network = desk.network(tx)
        minor_units = 10 ** formats.exponent_of(desk.book_currency(tx))
        page = find_orders(tx, network, wanted, minor_units, after=after)
        return desk.show(
            tx, "orders.html", title="Orders", filter=wanted, vocabulary=VOCABULARY, views=VIEWS, page=page,
            promise_tone=promise_tone, state_tone=state_tone, wait_words=WAIT_WORDS,
            count_limit=views.COUNT_LIMIT, is_first=not after,
        )  # fmt: skip


class Standing(msgspec.Struct, frozen=True):
    """The answer to: where is this order, and who has it."""

    sentence: str
    tone: str
    owner: str


def standing(detail: views.OrderDetail, network: Network, owner: str) -> Standing:
    """Where an order is, in one sentence; `owner`: whose step it stands at."""
    order = detail.order
    open_requests = [one for one in detail.fulfillments if one.state not in ("shipped", "cancelled")]
    sites = _names(sorted({one.site for one in open_requests}), network)
    if order.is_history:
        return Standing("is history: kept, not worked", "quiet", "nobody")
    if order.fulfillment_state == "cancelled":
        return Standing("is cancelled", "quiet", "nobody")
    if order.fulfillment_state == "shipped":
        shipped = _names(sorted({one.site for one in detail.fulfillments if one.shipped_at}), network)
        return Standing(f"shipped from {shipped}" if shipped else "is shipped", "done", "nobody")
    if order.waits_for == "site_confirmation":
        silent = all(one.acknowledged_at is None for one in open_requests)
        word = "is handed to" if silent else "is in work at"
        part = "has partly shipped; the rest " if order.fulfillment_state == "partially_shipped" else ""
        return Standing(f"{part}{word} {sites}", "plain", sites)
    held_for = [formats.words(hold.name) for hold in detail.holds if hold.cleared_at is None]
    if order.waits_for == "hold" and held_for:
        return Standing(f"is held for {' and '.join(held_for)}", "waiting", owner)
    if order.waits_for == "stock":
        backordered = sum(line.backordered for line in detail.lines)
        wanted = sum(line.ordered - line.cancelled - line.shipped for line in detail.lines)
        return Standing(f"waits for stock, {backordered:,} of {formats.plural(wanted, 'unit')} short", "waiting", owner)
    if order.waits_for:
        return Standing(
            f"waits for {WAIT_WORDS.get(order.waits_for, formats.words(order.waits_for))}", "waiting", owner
        )
    return Standing(f"is on its way, at {order.step}", "plain", owner)


def _names(codes: Sequence[str], network: Network) -> str:
    names = [network.sites[network.site_ids[code]].name if code in network.site_ids else code for code in codes]
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


STEP_EVENTS = {
    "capture": "order.captured",
    "validate": "order.validated",
    "reserve": "order.reserved",
    "route": "order.routed",
    "release": "order.released",
    "fulfil": "fulfillment.shipped",
}


class WayStep(msgspec.Struct, frozen=True):
    """One step of an order's way: passed when, or where it stands now."""

    name: str
    state: str
    """done, now or later."""
    at: datetime | None


def way(detail: views.OrderDetail) -> list[WayStep]:
    """The steps of an order with when each was passed (the last time, where it came back)."""
    if detail.order.is_history:
        return []
    passed = {entry.kind: entry.occurred_at for entry in detail.timeline}
    reached = STEPS.index(detail.order.step)
    steps: list[WayStep] = []
    for index, name in enumerate(STEPS[:-1]):
        state = "done" if index < reached else "now" if index == reached else "later"
        steps.append(WayStep(name, state, passed.get(STEP_EVENTS[name]) if state == "done" else None))
    return steps


ENTRY_TONES: Mapping[str, str] = {
    "line.backordered": "waiting",
    "hold.set": "waiting",
    "fulfillment.short_picked": "broken",
    "payment.failed": "broken",
    "payment.expired": "broken",
    "payment.voided": "broken",
    "fulfillment.shipped": "done",
    "order.released": "done",
    "payment.captured": "done",
    "order.cancelled": "broken",
}


@get("/orders/{order_id:int}", sync_to_thread=True)
def order_page(desk: AtDesk, order_id: FromPath[int]) -> Response[str]:
    """One order: where it is, who has it, and everything that happened to it."""
    with desk.reading() as tx:
        return _show(desk, tx, order_id)


@post("/orders/{order_id:int}", sync_to_thread=True, status_code=200)
def act_page(desk: AtDesk, order_id: FromPath[int], form: FilledForm) -> Response[str]:
    """Hold an order, clear a hold or cancel it: first what would change, then the act."""
    desk.require(access.Permission.ADJUST_ORDER)
    name, dry_run = form.get("act"), form.get("how") != "do"
    label = ACT_LABELS.get(name)
    if label is None:
        raise ValidationException(f"act={name} is not an act on orders; one of {', '.join(ACT_LABELS)}")
    try:
        with desk.writing(dry_run=dry_run) as tx:
            changes = _act(tx, order_id, name, form)
            access.record_act(tx, f"order.{name}", "order", order_id, form.values)
        result = Result(
            f"{label}: this would happen, nothing is changed yet" if dry_run else f"{label}: done", dry_run, changes
        )
    except (ordering.NotPossible, ordering.UnknownOrder) as refusal:
        result = Result(f"{label}: not done", dry_run, problem=f"{str(refusal).capitalize()}. Nothing was changed.")
    with desk.reading() as tx:
        return _show(desk, tx, order_id, result, form.values)


ACT_LABELS = {"set_hold": "Hold", "clear_hold": "Clear the hold", "cancel": "Cancel the order"}


def _act(tx: Transaction, order_id: int, name: str, form: Form) -> list[str]:
    if name == "set_hold":
        return ordering.set_hold(tx, order_id, form.get("name"), form.get("reason"))
    if name == "clear_hold":
        return ordering.clear_hold(tx, order_id, form.get("name"))
    return ordering.cancel_order(tx, order_id, form.get("reason") or "by a person")


def _show(
    desk: Desk, tx: Transaction, order_id: int, result: Result | None = None, given: Mapping[str, str] | None = None
) -> Response[str]:
    network = desk.network(tx)
    detail = views.load_order(tx, network, order_id)
    if detail is None:
        raise NotFoundException(f"There is no order {order_id}.")
    order = detail.order
    owner = model.owner_of(model.load_applied(tx).configuration, order.step) if order.step in STEP_EVENTS else "nobody"
    cases = worklist.load_cases_of(tx, "order", order_id)
    found = standing(detail, network, owner)
    return desk.show(
        tx, "order.html", status=422 if result and result.problem else 200, title=order.number, detail=detail,
        standing=found, lead=lead_of(detail), way=way(detail), wait_words=WAIT_WORDS, result=result, given=given or {},
        channel_name=network.channels[detail.channel_id].name, promise=promise_tone(order, tx.now),
        open_cases=[case for case in cases if case.state == "open"], case_tones=CASE_TONES,
        closed_cases=[case for case in cases if case.state == "closed"], kind_text=worklist.kind_text,
        tones=ENTRY_TONES, contact=_contact(desk, tx, order_id), may_act=desk.may(access.Permission.ADJUST_ORDER),
        payments=payments.load_payments(tx, [order_id]).get(order_id, []),
        journals=_journals(desk, tx, order_id), messages=_messages(tx, detail),
    )  # fmt: skip


CASE_TONES = {"critical": "broken", "high": "risk", "medium": "waiting", "low": ""}


def lead_of(detail: views.OrderDetail) -> str:
    """The last thing that happened, in its own words."""
    return detail.timeline[-1].sentence.removesuffix(".") if detail.timeline else ""


def _contact(desk: Desk, tx: Transaction, order_id: int) -> str:
    if not desk.may(access.Permission.READ_PERSONAL_DATA):
        return ""
    contact = customers.load_contact(tx, order_id)
    return str(contact) if contact else ""


def _journals(desk: Desk, tx: Transaction, order_id: int) -> list[finance.Journal]:
    return finance.load_journals_of(tx, "order", order_id) if desk.may(access.Permission.READ_BOOKS) else []


def _messages(tx: Transaction, detail: views.OrderDetail) -> list[exchange.Message]:
    causes = {entry.cause_id for entry in detail.timeline if entry.cause_id is not None}
    if detail.message_id is not None:
        causes.add(detail.message_id)
    return exchange.load_messages(tx, sorted(causes))
