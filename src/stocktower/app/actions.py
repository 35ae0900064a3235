"""The command table: what each act on a case does, and who may; a dry run does it and undoes it."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import msgspec

from stocktower import access, catalog, counting, exchange, fulfillment, network, ordering, reconciliation, worklist
from stocktower.app import counting_acts, goods_actions, publication_commands, quality_acts
from stocktower.app.arguments import Arguments
from stocktower.app.home import Tower, refusals_on_record, rehearsal
from stocktower.app.output import CommandFailed
from stocktower.app.reads import find_sku, load_case
from stocktower.app.rows_again import take_doubtful, take_rows_again
from stocktower.app.subscriptions import SUBSCRIPTIONS
from stocktower.app.workers import digest
from stocktower.kernel import CaseKind
from stocktower.platform import RecordedEvent, Transaction, load_events_at, run_again, schedule, unpark

ROUNDS = 5
"""How often a dry run follows what its own events would resume."""
REFUSALS_SHOWN = 3


class Outcome(msgspec.Struct, frozen=True):
    """What an act did, or would do."""

    case: str
    action: str
    dry_run: bool
    notes: tuple[str, ...]
    """What was done, one sentence each."""
    events: dict[str, int]
    """Kinds of events and how many, what resumes included."""


class Context(msgspec.Struct, frozen=True):
    """What an act works on."""

    tx: Transaction
    detail: worklist.CaseDetail
    arguments: Arguments
    actor: str

    @property
    def case(self) -> worklist.Case:
        """The case."""
        return self.detail.case

    def waiting(self, subject: str) -> list[int]:
        """Everything of a kind that waits, however much it is."""
        found = worklist.load_waiters(self.tx, self.case.case_id, limit=100_000)
        return [item.subject_id for item in found if item.subject == subject and item.left_at is None]

    def close(self, outcome: str) -> None:
        """Close the case by hand."""
        worklist.close_case(self.tx, self.case.case_id, outcome, self.actor)


class Action(msgspec.Struct, frozen=True):
    """One act: the permission it needs, and the command; the command says what it did, one sentence each."""

    permission: access.Permission
    do: Callable[[Context], list[str]]


def act(
    tower: Tower, number: str, action: str, arguments: Arguments, *, actor: str, dry_run: bool,
    person: access.Person | None = None,
) -> Outcome:  # fmt: skip
    """Do an act on a case, or rehearse it; raises CommandFailed, access.PermissionDenied.

    `person`: whose permission it needs; the user of the machine, at its command line, may do all that the operating
    model gives to nobody else.
    """

    def once() -> Outcome:
        with refusals_on_record(tower), refusals_in_words(), tower.transaction(actor) as tx:
            return act_in(tx, number, action, arguments, person=person, dry_run=dry_run)

    return run_again(once)


def act_in(
    tx: Transaction, number: str, action: str, arguments: Arguments, *, person: access.Person | None, dry_run: bool
) -> Outcome:
    """Do an act in a transaction, with its records."""
    detail = load_case(tx, number)
    if detail.case.state != "open":
        raise CommandFailed(f"{detail.case.label} is closed ({detail.case.outcome}); nothing was done")
    chosen = ACTIONS.get((detail.case.kind, action))
    if chosen is None or action not in detail.actions:
        allowed = ", ".join(detail.actions) or "none"
        raise CommandFailed(f"{detail.case.label}: {action} is not one of its acts; allowed: {allowed}")
    if person is not None:
        tx.allowed_by = access.require(person, chosen.permission)
    else:
        tx.allowed_by = access.require_stated(access.find_operator(tx, tx.actor), chosen.permission)
    with rehearsal(tx, dry_run=dry_run):
        notes = chosen.do(Context(tx, detail, arguments, tx.actor))
        worklist.note_act(tx, detail.case.case_id, action, tx.actor, {"notes": notes, "note": arguments.note})
        data = {"case": detail.case.label, "action": action, **arguments.recorded()}
        access.record_act(tx, f"case.{action}", "case", detail.case.case_id, data)
        counts = follow(tx) if dry_run else count(load_events_at(tx, tx.write_events()))
    return Outcome(detail.case.label, action, dry_run, tuple(notes), counts)


@contextmanager
def refusals_in_words() -> Generator[None]:
    """What the rooms refuse, as a failed command that changed nothing."""
    try:
        yield
    except (
        ordering.NotPossible,
        ordering.UnknownOrder,
        catalog.PackNotPositive,
        catalog.UnknownSku,
        counting.CountRefused,
        counting.UnknownSheet,
        reconciliation.NotPossible,
        reconciliation.UnknownSystem,
    ) as refusal:
        raise CommandFailed(str(refusal)) from refusal


def follow(tx: Transaction) -> dict[str, int]:
    """Only in a dry run: do what the events of an act would resume, as the worker will; counts all events by kind."""
    seen: list[RecordedEvent] = []
    for _ in range(ROUNDS):
        events = load_events_at(tx, tx.write_events())
        if not events:
            break
        seen += events
        ordering.resume_events(tx, [event for event in events if event.kind in ordering.RESUME_KINDS])
    return count(seen)


def count(events: Sequence[RecordedEvent]) -> dict[str, int]:
    """Events by kind."""
    counts: dict[str, int] = {}
    for event in events:
        counts[event.kind] = counts.get(event.kind, 0) + 1
    return counts


def map_listing(context: Context) -> list[str]:
    """Say which SKU a listing is; all orders that wait go on."""
    if not context.arguments.sku:
        raise CommandFailed("--sku: say which SKU the listing sells, and --pack how many of it one sold unit holds")
    sku = find_sku(context.tx, context.arguments.sku)
    channel, _, listing = context.case.cause_key.partition("/")
    channel_id = network.load_network(context.tx).channel_ids[channel]
    catalog.map_listing(context.tx, channel_id, listing, sku.sku_id, context.arguments.pack, context.actor)
    return [f"{listing} of {channel} is {context.arguments.pack} x {sku.code} ({sku.name})"]


def accept_total(context: Context) -> list[str]:
    """Take the channel's total as right."""
    return each_order(context, ordering.accept_total)


def approve(context: Context) -> list[str]:
    """Take the risk of an order."""
    return each_order(context, lambda tx, order_id: ordering.clear_hold(tx, order_id, "fraud_review"))


def correct_address(context: Context) -> list[str]:
    """State what is missing or wrong of where an order goes."""
    parts = context.arguments.address
    if not parts.names:
        wanted = "--street, --city, --region, --postal-code or --country"
        raise CommandFailed(f"state what is missing or wrong of the address: {wanted}")
    return each_order(context, lambda tx, order_id: ordering.correct_address(tx, order_id, parts))


def release_address(context: Context) -> list[str]:
    """Let an order go to the address that it has."""
    reason = context.arguments.note.strip()
    if not reason:
        raise CommandFailed("--note: say why it can be shipped to the address that it has")
    return each_order(context, lambda tx, order_id: ordering.release_address(tx, order_id, reason))


def cancel(context: Context) -> list[str]:
    """Cancel what can still be cancelled of the orders that wait."""
    reason = context.arguments.note or f"by {context.actor}, case {context.case.label}"
    return each_order(context, lambda tx, order_id: ordering.cancel_order(tx, order_id, reason))


def each_order(context: Context, command: Callable[[Transaction, int], list[str]]) -> list[str]:
    """Give a command to every order that waits, and say which refuse it; raises when none waits, or all refuse."""
    orders = context.waiting("order")
    if not orders:
        raise CommandFailed(f"{context.case.label}: no order waits for it")
    notes: list[str] = []
    refused: list[str] = []
    for order_id in orders:
        try:
            with context.tx.savepoint():
                notes += command(context.tx, order_id)
        except ordering.NotPossible as refusal:
            refused.append(f"not done: {refusal}")
    if len(refused) == len(orders):
        raise CommandFailed("; ".join(refused[:REFUSALS_SHOWN]))
    return notes + refused


def cancel_lines(context: Context) -> list[str]:
    """Cancel the units that wait for a SKU."""
    sku_id = int(context.case.cause_key.removeprefix("sku/"))
    reason = context.arguments.note or "no stock"
    return ordering.cancel_backorders(context.tx, context.waiting("order"), sku_id, reason)


def tell_promise(context: Context) -> list[str]:
    """Customers were told of the date that is promised now."""
    inbound_id = int(context.case.cause_key.removeprefix("inbound/"))
    return ordering.tell_promise(context.tx, context.waiting("order"), inbound_id)


def cancel_promised(context: Context) -> list[str]:
    """Cancel what an inbound does not bring in time."""
    inbound_id = int(context.case.cause_key.removeprefix("inbound/"))
    reason = context.arguments.note or "promise cannot be kept"
    return ordering.cancel_promised(context.tx, context.waiting("order"), inbound_id, reason)


def reroute(context: Context) -> list[str]:
    """Give back what is not begun and plan anew; a silent site is left out."""
    requests = fulfillment.load_requests(context.tx, context.waiting("fulfillment"))
    if not requests:
        return each_order(context, ordering.reroute)
    by_site: dict[int, set[int]] = {}
    for request in requests:
        by_site.setdefault(request.site_id, set()).add(request.order_id)
    return [
        note
        for site_id, orders in sorted(by_site.items())
        for note in ordering.reroute(context.tx, sorted(orders), avoid_site=site_id)
    ]


def acknowledge(context: Context) -> list[str]:
    """Note that the site has them, on its word by phone."""
    return ordering.acknowledge(context.tx, context.waiting("fulfillment"))


def remind(context: Context) -> list[str]:
    """Wait for the site some hours more."""
    at = context.tx.now + timedelta(hours=context.arguments.hours)
    requests = context.waiting("fulfillment")
    schedule(context.tx, "fulfillment.acknowledge", [(request, at) for request in requests])
    context.close(f"reminded; looked at again at {at:%Y-%m-%d %H:%M} UTC")
    return [f"{len(requests):,} requests are looked at again at {at:%Y-%m-%d %H:%M} UTC"]


def wait(context: Context) -> list[str]:
    """Leave it waiting, on purpose."""
    return [f"{context.case.waiters:,} keep their place; stock that comes fills them by priority"]


def close_as(words: str) -> Callable[[Context], list[str]]:
    """An act that closes the case with an outcome."""

    def do(context: Context) -> list[str]:
        context.close(words)
        return [words]

    return do


def capture_payment(context: Context) -> list[str]:
    """Note that the payment was captured at the processor."""
    return ordering.capture_payment(context.tx, payment_id_of(context))


def extend_authorization(context: Context) -> list[str]:
    """Note a longer authorisation."""
    until = context.tx.now + timedelta(hours=context.arguments.hours)
    return ordering.extend_authorization(context.tx, payment_id_of(context), until)


def payment_id_of(context: Context) -> int:
    """The payment that the case is about."""
    return int(context.case.cause_key.removeprefix("payment/"))


def retry(context: Context) -> list[str]:
    """Work what was parked again, now that its cause is mended."""
    data = context.case.data
    if (kind := data.get("due")) is not None:
        schedule(context.tx, kind, [(data["key"], context.tx.now)])
        notes = [f"{kind} of {data['key']} is worked again"]
    elif (name := data.get("subscriber")) is not None:
        events = unpark_events(context)
        digest_again(context, name, events)
        notes = [f"{len(events):,} events went through {name}"]
    else:
        count = exchange.unpark(context.tx, context.waiting("message"))
        notes = [f"{count:,} messages are tried again"]
    context.close("tried again")
    return notes


def retry_rows(context: Context) -> list[str]:
    """Take snapshots again whose rows could not all be applied, now that what they name is known."""
    return take_rows_again(context.tx, context.case.label, context.waiting("message"))


def dismiss(context: Context) -> list[str]:
    """Leave it out for good; what it says is kept, and what waits behind it goes on."""
    data = context.case.data
    if (kind := data.get("due")) is not None:
        notes = [f"{kind} of {data['key']} is left out"]
    elif (name := data.get("subscriber")) is not None:
        later = [event for event in unpark_events(context) if event.position != data["position"]]
        digest_again(context, name, later)
        notes = [f"event {data['position']} is left out of {name}", f"{len(later):,} later ones went through it"]
    else:
        messages = context.waiting("message")
        exchange.finish(context.tx, messages)
        notes = [f"{len(messages):,} messages are left out, and kept as they came"]
    context.close(f"dismissed{f': {context.arguments.note}' if context.arguments.note else ''}")
    return notes


def unpark_events(context: Context) -> list[RecordedEvent]:
    """Take out what a subscriber parked of the subject that waits, in order."""
    name = context.case.data["subscriber"]
    return [
        event for item in context.detail.waiters for event in unpark(context.tx, name, item.subject, item.subject_id)
    ]


def digest_again(context: Context, name: str, events: Sequence[RecordedEvent]) -> None:
    """Give parked events to their subscriber once more; raises with the reason when it still cannot digest them."""
    subscription = next((item for item in SUBSCRIPTIONS if item.name == name), None)
    if subscription is None:
        raise CommandFailed(f"{context.case.label}: {name} is no subscriber of this version; nothing was done")
    problem = digest(context.tx, lambda: subscription.handle(context.tx, events)) if events else None
    if problem is not None:
        raise CommandFailed(f"{context.case.label}: {name} still cannot digest it: {problem}; nothing was done")


def apply_stated(*, as_packs: bool) -> Callable[[Context], list[str]]:
    """Apply a doubtful count, as packs or as it was stated."""
    return lambda context: take_doubtful(context.tx, context.case.data, as_packs=as_packs)


def release_lot(context: Context) -> list[str]:
    """Undo a recall: its lots are sold again, and who waits may have them."""
    _, sku_id, lot = context.case.cause_key.split("/", 2)
    done = ordering.release_lot(context.tx, int(sku_id), lot, context.arguments.note)
    return [
        *(f"lot {one} is sold again on all sites and channels" for one in done.lots),
        *(f"lot {one} stays held by the recall of lot {root}" for one, root in done.still_held),
    ]


def accept_theirs(context: Context) -> list[str]:
    """Take over what a system states of the lines of a cause, or of one SKU of them, as a count."""
    system, cause = reconciliation.split_cause_key(context.case.cause_key)
    code = context.arguments.sku
    sku_id = find_sku(context.tx, code).sku_id if code else 0
    return reconciliation.accept_theirs(context.tx, system, cause, sku_id=sku_id)


def allow(context: Context) -> list[str]:
    """Leave small differences of a cause out of the cases for a time."""
    system, cause = reconciliation.split_cause_key(context.case.cause_key)
    until_at = context.tx.now + timedelta(hours=context.arguments.hours)
    units, reason = context.arguments.units, context.arguments.note
    return reconciliation.allow(context.tx, system, cause, units=units, until_at=until_at, reason=reason)


def wait_run(context: Context) -> list[str]:
    """Leave it to the next statement, on purpose."""
    system, _ = reconciliation.split_cause_key(context.case.cause_key)
    found = reconciliation.load_status(context.tx, system)
    at = found[0].overdue_at if found else None
    return [f"the next statement of {system} {f'is due by {at:%Y-%m-%d %H:%M} UTC' if at else 'settles it'}"]


def snooze(context: Context) -> list[str]:
    """Look at it again some hours later."""
    system = context.case.data["system"]
    at = context.tx.now + timedelta(hours=context.arguments.hours)
    notes = reconciliation.expect_later(context.tx, system, at)
    context.close(f"looked at again at {at:%Y-%m-%d %H:%M} UTC")
    return notes


def of_counts(
    do: Callable[[Transaction, worklist.Case, str, str], list[str]],
) -> Callable[[Context], list[str]]:
    """An act of cycle counts: it is given the case, who acts, and the note."""
    return lambda context: do(context.tx, context.case, context.actor, context.arguments.note)


def on_case(do: goods_actions.OnCase) -> Callable[[Context], list[str]]:
    """An act that needs the case and who acts, and nothing more."""
    return lambda context: do(context.tx, context.case, context.actor)


P = access.Permission
ACTIONS: dict[tuple[str, str], Action] = {
    (CaseKind.UNMAPPED_LISTING, "map"): Action(P.CHANGE_MAPPING, map_listing),
    (CaseKind.UNREADABLE_ROW, "retry"): Action(P.WORK_CASES, retry_rows),
    (CaseKind.UNREADABLE_ROW, "dismiss"): Action(P.WORK_CASES, dismiss),
    (CaseKind.TOTAL_MISMATCH, "accept"): Action(P.ADJUST_ORDER, accept_total),
    (CaseKind.TOTAL_MISMATCH, "cancel"): Action(P.ADJUST_ORDER, cancel),
    (CaseKind.ADDRESS, "correct"): Action(P.ADJUST_ORDER, correct_address),
    (CaseKind.ADDRESS, "release"): Action(P.ADJUST_ORDER, release_address),
    (CaseKind.ADDRESS, "cancel"): Action(P.ADJUST_ORDER, cancel),
    (CaseKind.NO_STOCK, "wait"): Action(P.WORK_CASES, wait),
    (CaseKind.NO_STOCK, "cancel_lines"): Action(P.ADJUST_ORDER, cancel_lines),
    (CaseKind.NO_SITE, "reroute"): Action(P.ADJUST_ORDER, reroute),
    (CaseKind.NO_SITE, "cancel"): Action(P.ADJUST_ORDER, cancel),
    (CaseKind.LOT_RECALLED, "release_lot"): Action(P.ADJUST_STOCK, release_lot),
    (CaseKind.LOT_RECALLED, "acknowledge"): Action(P.WORK_CASES, close_as("everybody was told; the lot stays held")),
    (CaseKind.SHORTFALL, "count_row"): Action(P.COUNT_STOCK, of_counts(counting_acts.count_row)),
    (CaseKind.SHORTFALL, "acknowledge"): Action(P.WORK_CASES, close_as("acknowledged; a later count settles it")),
    (CaseKind.LOT_EXPIRED, "acknowledge"): Action(P.WORK_CASES, close_as("acknowledged; the site was told")),
    (CaseKind.BIN_DIFFERENCE, "count_row"): Action(P.COUNT_STOCK, of_counts(counting_acts.count_row)),
    (CaseKind.BIN_DIFFERENCE, "acknowledge"): Action(P.WORK_CASES, close_as("acknowledged; a later count settles it")),
    (CaseKind.UNIT_MISMATCH, "apply_as_unit"): Action(P.ADJUST_STOCK, apply_stated(as_packs=True)),
    (CaseKind.UNIT_MISMATCH, "apply_as_stated"): Action(P.ADJUST_STOCK, apply_stated(as_packs=False)),
    (CaseKind.UNIT_MISMATCH, "dismiss"): Action(P.ADJUST_STOCK, close_as("dismissed; the stock stays as it was")),
    (CaseKind.NOT_ACKNOWLEDGED, "remind"): Action(P.WORK_CASES, remind),
    (CaseKind.NOT_ACKNOWLEDGED, "acknowledge"): Action(P.WORK_CASES, acknowledge),
    (CaseKind.NOT_ACKNOWLEDGED, "reroute"): Action(P.ADJUST_ORDER, reroute),
    (CaseKind.AUTHORISATION_EXPIRING, "capture"): Action(P.ADJUST_ORDER, capture_payment),
    (CaseKind.AUTHORISATION_EXPIRING, "extend"): Action(P.ADJUST_ORDER, extend_authorization),
    (CaseKind.AUTHORISATION_EXPIRING, "cancel"): Action(P.ADJUST_ORDER, cancel),
    (CaseKind.CHANNEL_DARK, "resend"): Action(P.MANAGE_PUBLICATION, publication_commands.resend_of_case),
    (CaseKind.FRAUD_REVIEW, "approve"): Action(P.ADJUST_ORDER, approve),
    (CaseKind.FRAUD_REVIEW, "cancel"): Action(P.ADJUST_ORDER, cancel),
    (CaseKind.PARKED_MESSAGE, "retry"): Action(P.WORK_CASES, retry),
    (CaseKind.PARKED_MESSAGE, "dismiss"): Action(P.WORK_CASES, dismiss),
    (CaseKind.REFERENCE_MISSING, "dismiss"): Action(P.WORK_CASES, dismiss),
    (CaseKind.SNAPSHOT_INCOMPLETE, "dismiss"): Action(P.WORK_CASES, dismiss),
    (CaseKind.CONFIRMATION_MISMATCH, "retry"): Action(P.WORK_CASES, retry),
    (CaseKind.CONFIRMATION_MISMATCH, "dismiss"): Action(P.WORK_CASES, dismiss),
    (CaseKind.STOCK_DIFFERENCE, "wait_run"): Action(P.WORK_CASES, wait_run),
    (CaseKind.STOCK_DIFFERENCE, "recount"): Action(P.WORK_CASES, of_counts(counting_acts.count_differences)),
    (CaseKind.STOCK_DIFFERENCE, "accept_theirs"): Action(P.ADJUST_STOCK, accept_theirs),
    (CaseKind.STOCK_DIFFERENCE, "allow"): Action(P.WORK_CASES, allow),
    (CaseKind.STATEMENT_OVERDUE, "snooze"): Action(P.WORK_CASES, snooze),
    (CaseKind.MASTER_DATA, "recheck"): Action(P.WORK_CASES, on_case(quality_acts.recheck)),
    (CaseKind.PROMISE_BROKEN, "tell"): Action(P.ADJUST_ORDER, tell_promise),
    (CaseKind.PROMISE_BROKEN, "cancel_lines"): Action(P.ADJUST_ORDER, cancel_promised),
    **{key: Action(permission, on_case(do)) for key, (permission, do) in goods_actions.ACTS.items()},
    (CaseKind.COST_UNKNOWN, "dismiss"): Action(P.WORK_CASES, close_as("dismissed")),
    (CaseKind.COUNT_APPROVAL, "approve_count"): Action(P.APPROVE_COUNTS, of_counts(counting_acts.approve)),
    (CaseKind.COUNT_APPROVAL, "recount_lines"): Action(P.APPROVE_COUNTS, of_counts(counting_acts.recount)),
    (CaseKind.COUNT_APPROVAL, "reject_count"): Action(P.APPROVE_COUNTS, of_counts(counting_acts.reject)),
}
