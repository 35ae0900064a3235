"""Commands of the room: systems get rows, statements come in, are compared when they are whole, and are missed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

import msgspec

from stocktower import exchange
from stocktower.exchange import Message, StatementDocument
from stocktower.kernel import CaseKind, exponent
from stocktower.model import Configuration, RateMissing, System, load_applied, rate
from stocktower.network import load_network
from stocktower.platform import Event, Transaction, schedule, unschedule
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from . import store
from .causes import judge
from .evidence import Inbox, load_facts
from .group_cases import tell_cases
from .model import Run, Statement, SystemRow
from .rules import book_rates, overdue_at, scope_of

COMPARE = "reconciliation.compare"
"""Kind of due work: compare a statement; the key is the statement."""
EXPECTED = "reconciliation.expected"
"""Kind of due work: a statement is overdue; the key is the system."""
SKUS_AT_ONCE = 2_000
_decode = msgspec.json.Decoder(StatementDocument).decode


class UnknownSystem(LookupError):
    """The applied configuration has no such system."""


def system_of(configuration: Configuration, code: str) -> System:
    """A system of the configuration; raises UnknownSystem."""
    for system in configuration.systems:
        if system.code == code:
            return system
    known = ", ".join(sorted(system.code for system in configuration.systems)) or "none is applied"
    raise UnknownSystem(f"{code} is not a system of the applied configuration ({known}); add it under [[systems]]")


def apply_systems(tx: Transaction, configuration: Configuration) -> None:
    """Give every system of a configuration its row, and look out for its statements; called when it is applied."""
    known = {row.code for row in store.load_systems(tx)}
    fresh = [system.code for system in configuration.systems if system.code not in known]
    if fresh:
        store.insert_systems(tx, fresh)
    if known or fresh:
        expect(tx, configuration, store.load_systems(tx))


def expect(tx: Transaction, configuration: Configuration, rows: Sequence[SystemRow]) -> None:
    """When the next statement of each system is overdue, by its last one; none is expected of what is not applied."""
    systems = {system.code: system for system in configuration.systems}
    zone = configuration.merchant.timezone
    times = [
        (row.system_id, overdue_at(systems[row.code], row.last_as_of or row.since, zone))
        for row in rows
        if row.code in systems
    ]
    expected = [(system_id, at) for system_id, at in times if at is not None]
    schedule(tx, EXPECTED, expected)
    wanted = {system_id for system_id, _ in expected}
    unschedule(tx, EXPECTED, [row.system_id for row in rows if row.system_id not in wanted])


def take_statements(tx: Transaction, messages: Sequence[Message]) -> None:
    """Keep the parts of statements; one that is whole now is compared by due work. Nothing else changes."""
    configuration = load_applied(tx).configuration
    known = {row.code: row for row in store.load_systems(tx)}
    applied = {system.code for system in configuration.systems}
    parts: list[tuple[Message, StatementDocument]] = []
    for message in messages:
        try:
            document = _decode(message.body)
        except msgspec.MsgspecError as error:
            _park(tx, configuration, message, f"not a statement: {error}")
            continue
        if document.system not in applied or document.system not in known:
            _park(tx, configuration, message, f"{document.system} is not a system of the applied configuration")
            continue
        if message.sequence > 1:
            _park(
                tx, configuration, message, "a part of the statement is stated again, differently; give it a new digest"
            )
            continue
        parts.append((message, document))
    if not parts:
        return
    headers = _open(tx, parts, known)
    rows = _keep(tx, parts, headers, known)
    whole = [one for one in rows if one.received == one.parts]
    schedule(tx, COMPARE, [(one.statement_id, tx.now) for one in whole])
    for one in whole:
        store.note_spoken(tx, one.system_id, one.as_of)
    if whole:
        spoken = {one.system_id for one in whole}
        heard = [row for row in store.load_systems(tx) if row.system_id in spoken]
        expect(tx, configuration, heard)
        close_by_cause(
            tx, CaseKind.STATEMENT_OVERDUE, [f"system/{row.code}" for row in heard], "the statement has come"
        )
    exchange.finish(tx, [message.message_id for message, _ in parts])


_Header = tuple[int, datetime, str]
"""System, instant, digest."""


def _open(
    tx: Transaction, parts: Sequence[tuple[Message, StatementDocument]], known: dict[str, SystemRow]
) -> dict[_Header, int]:
    """The header of each statement that has parts here."""
    fresh: dict[_Header, tuple[int, datetime, str, bool, int]] = {}
    for message, one in parts:
        key = (known[one.system].system_id, one.as_of, one.digest)
        fresh.setdefault(key, (*key, one.complete, message.message_id))
    return store.open_statements(tx, list(fresh.values()))


def _keep(
    tx: Transaction,
    parts: Sequence[tuple[Message, StatementDocument]],
    headers: dict[_Header, int],
    known: dict[str, SystemRow],
) -> list[Statement]:
    """Keep the lines of parts, and count them."""
    lines: list[tuple[object, ...]] = []
    counts: dict[int, tuple[int, int, int, int]] = {}
    for _, one in parts:
        statement_id = headers[known[one.system].system_id, one.as_of, one.digest]
        lines += [
            (tx.merchant_id, statement_id, one.part, place, line.location, line.sku, line.status, line.unit, line.lot,
             line.quantity, line.row)
            for place, line in enumerate(one.lines)
        ]  # fmt: skip
        received, rows, unreadable, all_parts = counts.get(statement_id, (0, 0, 0, 0))
        counts[statement_id] = (
            received + 1, rows + len(one.lines), unreadable + one.unreadable, max(all_parts, one.parts)
        )  # fmt: skip
    store.record_lines(tx, lines)
    return store.count_parts(tx, [(statement_id, *count) for statement_id, count in sorted(counts.items())])


def _park(tx: Transaction, configuration: Configuration, message: Message, problem: str) -> None:
    exchange.park(tx, message.message_id, problem)
    raised = Raise(
        kind=CaseKind.PARKED_MESSAGE,
        cause_key=f"message/{message.message_id}",
        title=f"statement {message.key} from {message.source} could not be worked",
        data={"problem": problem, "source": message.source, "key": message.key},
        waiters=(Waiter("message", message.message_id),),
    )
    raise_cases(tx, configuration, [raised])


def compare_statements(tx: Transaction, statement_ids: Sequence[int]) -> list[Run]:
    """Compare statements with our figures as of their instants, judge what differs, tell the cases; nothing moves."""
    configuration = load_applied(tx).configuration
    found = sorted(store.load_statements(tx, statement_ids), key=lambda one: (one.system_id, one.as_of))
    return [run for one in found if (run := _compare(tx, configuration, one)) is not None]


def compare_due(tx: Transaction, statement_ids: Sequence[int]) -> None:
    """Due work: compare these statements."""
    compare_statements(tx, statement_ids)


def _compare(tx: Transaction, configuration: Configuration, statement: Statement) -> Run | None:
    row = store.lock_system(tx, statement.system_id)
    system = next((one for one in configuration.systems if row is not None and one.code == row.code), None)
    if row is None or system is None:
        return None
    network = load_network(tx)
    scope = scope_of(system, network)
    currencies, tops, bottoms = book_rates(_rates(configuration, tx))
    run = store.compare(
        tx,
        run_id=tx.new_id(),
        system_id=row.system_id,
        statement_id=statement.statement_id,
        as_of=statement.as_of,
        complete=statement.is_whole,
        places=list(scope.places),
        place_ids=list(scope.places.values()),
        words=list(scope.statuses),
        statuses=list(scope.statuses.values()),
        channel_id=scope.channel_id,
        currencies=currencies,
        tops=tops,
        bottoms=bottoms,
        tolerance_units=system.tolerance_units,
        tolerance_points=int(system.tolerance_percent * 100),
    )
    _judge(tx, run, timedelta(hours=system.window_hours))
    store.record_causes(tx, run.run_id)
    store.record_standing(tx, run)
    store.note_compared(tx, statement.statement_id)
    store.drop_lines(tx, row.system_id, statement.as_of)
    data = {"system": row.code, "run_id": run.run_id, "as_of": run.as_of, "different": run.different}
    tx.emit(Event("stock.reconciled", "system", row.system_id, statement.as_of, msgspec.json.encode(data)))
    tell_cases(tx, configuration, row, run)
    return run


def _judge(tx: Transaction, run: Run, window: timedelta) -> None:
    """The likely cause of every line beyond the tolerance, so many SKUs at a time."""
    if not run.different:
        return
    pairs = store.load_pairs(tx, run.run_id)
    inbox = Inbox(tx, load_network(tx))
    after = 0
    while sku_ids := store.load_differing_skus(tx, run.run_id, after, SKUS_AT_ONCE):
        after = sku_ids[-1]
        verdicts = [(facts.key, judge(facts, window)) for facts in load_facts(tx, run, sku_ids, window, pairs, inbox)]
        store.record_verdicts(
            tx,
            run.run_id,
            [
                (key, verdict, msgspec.json.encode({"reason": verdict.reason, **verdict.evidence}).decode())
                for key, verdict in verdicts
            ],
        )


def _rates(configuration: Configuration, tx: Transaction) -> dict[str, tuple[int, int]]:
    """What a minor unit of each currency is in the currency in which money is added up."""
    book = configuration.entities[0].currency
    currencies = {entity.currency for entity in configuration.entities} | {
        one.currency for one in configuration.channels
    }
    rates = {"": (1, 1)}
    places = exponent(book)
    for currency in sorted(currencies | {one.source for one in configuration.rates}):
        try:
            value = rate(configuration, currency, book, tx.now.date())
        except RateMissing:
            continue
        value *= Fraction(10) ** (places - exponent(currency))
        rates[currency] = (value.numerator, value.denominator)
    return rates


def compare_again(tx: Transaction, code: str = "") -> list[Run]:
    """Compare the newest statement of a system (or of all) once more: what was recorded or mapped since counts."""
    configuration = load_applied(tx).configuration
    codes = {system_of(configuration, code).code} if code else {system.code for system in configuration.systems}
    wanted = {row.system_id for row in store.load_systems(tx) if row.code in codes}
    last = [one.statement_id for one in store.load_last_statements(tx) if one.system_id in wanted]
    unschedule(tx, COMPARE, last)
    return compare_statements(tx, last)


def miss_statements(tx: Transaction, system_ids: Sequence[int]) -> None:
    """The statements of these systems are overdue: a case each, looked at again a day later."""
    configuration = load_applied(tx).configuration
    systems = {system.code: system for system in configuration.systems}
    raises: list[Raise] = []
    again: list[int] = []
    for row in store.load_systems(tx):
        if row.system_id not in system_ids or row.code not in systems:
            continue
        at = overdue_at(systems[row.code], row.last_as_of or row.since, configuration.merchant.timezone)
        if at is None:
            continue
        if at > tx.now:
            schedule(tx, EXPECTED, [(row.system_id, at)])
            continue
        last = f"its last is of {row.last_as_of:%Y-%m-%d %H:%M} UTC" if row.last_as_of else "it has sent none yet"
        raises.append(
            Raise(
                kind=CaseKind.STATEMENT_OVERDUE,
                cause_key=f"system/{row.code}",
                title=f"{systems[row.code].name} owes a statement of stock: {last}",
                data={"system": row.code, "last_as_of": str(row.last_as_of or ""), "due_at": str(at)},
            )
        )
        again.append(row.system_id)
    raise_cases(tx, configuration, raises)
    schedule(tx, EXPECTED, [(system_id, tx.now + timedelta(days=1)) for system_id in again])


def expect_later(tx: Transaction, code: str, at: datetime) -> list[str]:
    """Look again for the statement of a system at an instant. Raises UnknownSystem."""
    row = next((row for row in store.load_systems(tx) if row.code == code), None)
    if row is None:
        raise UnknownSystem(f"{code} is not a system that was ever applied")
    schedule(tx, EXPECTED, [(row.system_id, at)])
    return [f"the statement of {code} is looked for again at {at:%Y-%m-%d %H:%M} UTC"]
