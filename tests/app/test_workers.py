"""Workers: what is poison stands aside with a case, what passes is tried again, everything else goes on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stocktower import exchange, ordering
from stocktower.app import actions, workers
from stocktower.app.arguments import Arguments
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed
from stocktower.app.reads import status
from stocktower.app.subscriptions import DUE_WORK, MESSAGE_HANDLERS, SUBSCRIPTIONS, DueWork, Subscription
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.exchange import Message
from stocktower.platform import Event, RecordedEvent, Transaction, load_parked, schedule
from tests.app.tower import open_cases, open_tower, order, send, send_orders


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a hundred cups."""
    tower = open_tower(database_url, tmp_path)
    yield tower
    tower.database.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses."""
    monkeypatch.setattr(workers, "PAUSES", (0.0, 0.0, 0.0))


def act(tower: Tower, action: str, kind: str = "parked_message") -> actions.Outcome:
    """Do something about the one case of a kind."""
    (case,) = open_cases(tower, kind)
    return actions.act(tower, str(case.number), action, Arguments(), actor="tester", dry_run=False)


def orders(tower: Tower) -> dict[str, int]:
    """Orders by state."""
    return status(tower)["orders"]


def break_orders(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Message], Exception | None]) -> None:
    """Let the handler of orders fail where a message is in its batch."""

    def handle(tx: Transaction, messages: Sequence[Message]) -> None:
        ordering.take_orders(tx, messages)
        for message in messages:
            if (error := fails(message)) is not None:
                raise error

    monkeypatch.setitem(MESSAGE_HANDLERS, "order", handle)


def poison(key: str) -> Callable[[Message], Exception | None]:
    """One message breaks its handler."""
    return lambda message: ValueError(f"cannot digest {key}") if message.key == key else None


# Messages.


def test_a_body_that_is_no_document_stands_aside(tower: Tower) -> None:
    send_orders(tower, range(1, 4))
    send(tower, exchange.ORDER, {"A9": b"{"})
    send_orders(tower, [9])
    work_until_idle(tower)
    (case,) = open_cases(tower)
    assert (case.kind, case.data["key"]) == ("parked_message", "A9")
    assert orders(tower) == {"released": 3}
    # Its later word waits behind it, until somebody decides.
    assert {(one.kind, one.state, one.messages) for one in status(tower)["backlog"]} == {
        ("order", "parked", 1), ("order", "ready", 1),
    }  # fmt: skip
    act(tower, "dismiss")
    work_until_idle(tower)
    assert orders(tower) == {"released": 4}
    assert open_cases(tower) == []
    assert verify(tower).ok


def test_a_message_that_breaks_its_handler_stands_aside(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    send_orders(tower, range(1, 40))
    with monkeypatch.context() as patch:
        break_orders(patch, poison("A17"))
        work_until_idle(tower)
        (case,) = open_cases(tower)
        assert case.data["problem"].startswith("ValueError: cannot digest A17 (test_workers.py:")
        assert orders(tower) == {"released": 38}
        # Nothing of what its handler did before it failed is left.
        assert verify(tower).ok
        act(tower, "retry")
        work_until_idle(tower)
        assert [one.data["key"] for one in open_cases(tower)] == ["A17"]
    act(tower, "retry")
    work_until_idle(tower)
    assert orders(tower) == {"released": 39}
    assert open_cases(tower) == []


def test_two_workers_set_only_the_poison_aside(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    break_orders(monkeypatch, lambda message: ValueError("no") if message.key in ("A7", "A20", "A33") else None)
    send_orders(tower, range(1, 41))
    threads = [threading.Thread(target=work_until_idle, args=(tower,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_until_idle(tower)
    assert sorted(case.data["key"] for case in open_cases(tower)) == ["A20", "A33", "A7"]
    assert orders(tower) == {"released": 37}
    assert verify(tower).ok


def test_what_fails_only_when_its_events_are_written_stands_aside_too(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handle(tx: Transaction, messages: Sequence[Message]) -> None:
        ordering.take_orders(tx, messages)
        for message in messages:
            if message.key == "A2":
                tx.emit(Event(kind="x.y", subject="x", subject_id=1, occurred_at=tx.now, data=b"no json"))

    monkeypatch.setitem(MESSAGE_HANDLERS, "order", handle)
    send_orders(tower, range(1, 4))
    work_until_idle(tower)
    assert [case.data["key"] for case in open_cases(tower)] == ["A2"]
    assert orders(tower) == {"released": 2}


# What passes, and what is not the message's fault.


@pytest.mark.usefixtures("quick")
def test_a_deadlock_is_tried_again(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def handle(tx: Transaction, messages: Sequence[Message]) -> None:
        sizes.append(len(messages))
        if len(sizes) < 3:
            raise psycopg.errors.DeadlockDetected
        ordering.take_orders(tx, messages)

    monkeypatch.setitem(MESSAGE_HANDLERS, "order", handle)
    send_orders(tower, range(1, 6))
    work_until_idle(tower)
    # As a whole: nothing was wrong with any of it.
    assert sizes == [5, 5, 5]
    assert orders(tower) == {"released": 5}


@pytest.mark.usefixtures("quick")
def test_a_lost_connection_is_tried_again(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def handle(tx: Transaction, messages: Sequence[Message]) -> None:
        tries.append(len(messages))
        if len(tries) == 1:
            with psycopg.connect(tower.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (tx.connection.info.backend_pid,))
        ordering.take_orders(tx, messages)

    monkeypatch.setitem(MESSAGE_HANDLERS, "order", handle)
    send_orders(tower, range(1, 6))
    work_until_idle(tower)
    assert tries == [5, 5]
    assert orders(tower) == {"released": 5}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [psycopg.errors.DiskFull(), psycopg.errors.DeadlockDetected(), OSError("no disk")])
def test_a_machine_in_trouble_is_no_poison(
    tower: Tower, monkeypatch: pytest.MonkeyPatch, error: psycopg.Error | OSError
) -> None:
    send_orders(tower, range(1, 4))
    with monkeypatch.context() as patch:
        break_orders(patch, lambda message: error)
        with pytest.raises(type(error)):
            work_until_idle(tower)
    assert open_cases(tower) == []
    work_until_idle(tower)
    assert orders(tower) == {"released": 3}


# Events.


def break_finance(monkeypatch: pytest.MonkeyPatch, fails: Callable[[RecordedEvent], bool]) -> None:
    """Let the books fail where an event is in their batch."""

    def breaking(item: Subscription) -> Subscription:
        def handle(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
            item.handle(tx, events)
            if any(fails(event) for event in events):
                raise ValueError("the books cannot digest it")

        return Subscription(item.name, item.kinds, handle) if item.name == "finance" else item

    broken = tuple(breaking(item) for item in SUBSCRIPTIONS)
    monkeypatch.setattr(workers, "SUBSCRIPTIONS", broken)
    monkeypatch.setattr(actions, "SUBSCRIPTIONS", broken)


def parked(tower: Tower) -> list[int]:
    """The positions that the books have set aside."""
    with tower.reading() as tx:
        return [event.position for event in load_parked(tx, "finance")]


def journals(tower: Tower) -> int:
    """How many journals there are."""
    with psycopg.connect(tower.url) as connection:
        found = connection.execute("SELECT count(*) FROM finance.journal").fetchone()
        assert found is not None
        return found[0]


def a_poison_event(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders of which the books cannot digest what the first one paid."""
    seen: list[int] = []

    def fails(event: RecordedEvent) -> bool:
        if event.kind == "payment.captured" and not seen:
            seen.append(event.position)
        return event.position in seen

    break_finance(monkeypatch, fails)
    send_orders(tower, (1, 2))
    work_until_idle(tower)


def test_an_event_that_a_subscriber_cannot_digest_stands_aside(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    before = journals(tower)
    with monkeypatch.context() as patch:
        a_poison_event(tower, patch)
        (case,) = open_cases(tower)
        assert (case.kind, case.data["subscriber"]) == ("parked_message", "finance")
        assert parked(tower) == [case.data["position"]]
        # The other order is in the books, and the orders themselves went on.
        assert journals(tower) == before + 1
        assert orders(tower) == {"released": 2}
        # What is tried too early stays where it is, and says why.
        with pytest.raises(CommandFailed, match="still cannot digest it: ValueError: the books cannot digest it"):
            act(tower, "retry")
        assert len(parked(tower)) == 1
    act(tower, "retry")
    assert parked(tower) == []
    assert journals(tower) == before + 2
    assert open_cases(tower) == []
    work_until_idle(tower)
    assert verify(tower).ok


def test_an_event_can_be_left_out(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    before = journals(tower)
    with monkeypatch.context() as patch:
        a_poison_event(tower, patch)
        outcome = act(tower, "dismiss")
    assert "left out of finance" in outcome.notes[0]
    assert (parked(tower), journals(tower)) == ([], before + 1)


def test_later_events_of_the_subject_wait_behind_it(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        a_poison_event(tower, patch)
        with tower.reading() as tx:
            (first,) = load_parked(tx, "finance")
        with tower.transaction("tester") as tx:
            data = b'{"amount_minor":1}'
            tx.emit(
                Event(
                    kind="payment.captured", subject=first.subject, subject_id=first.subject_id, occurred_at=tx.now,
                    data=data,
                )
            )  # fmt: skip
        work_until_idle(tower)
        assert len(parked(tower)) == 2
        assert len(open_cases(tower)) == 1


# Deadlines.


def test_a_deadline_that_cannot_be_worked_stands_aside(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    send_orders(tower, range(1, 4))
    work_until_idle(tower)
    worked: list[int] = []

    def handle(tx: Transaction, keys: Sequence[int]) -> None:
        if 666 in keys:
            raise KeyError(666)
        worked.extend(keys)

    def breaking(item: DueWork) -> DueWork:
        return DueWork(item.kind, item.subject, handle) if item.kind == ordering.FILL else item

    with monkeypatch.context() as patch:
        patch.setattr(workers, "DUE_WORK", tuple(breaking(item) for item in DUE_WORK))
        with tower.transaction("tester") as tx:
            schedule(tx, ordering.FILL, [(key, tx.now) for key in (1, 2, 666, 3)])
        work_until_idle(tower)
        assert sorted(worked) == [1, 2, 3]
        (case,) = open_cases(tower)
        assert (case.data["due"], case.data["key"]) == (ordering.FILL, 666)
        act(tower, "retry")
        assert open_cases(tower) == []
        work_until_idle(tower)
        assert len(open_cases(tower)) == 1
        act(tower, "dismiss")
        assert open_cases(tower) == []


# What channels are told.


def files(tower: Tower) -> set[str]:
    """What lies in the outbox."""
    return {path.name for path in tower.home.outbox.iterdir()}


def test_a_crash_between_record_and_name_is_mended(tower: Tower) -> None:
    (told,) = tower.home.outbox.glob("web-*.csv")
    text = told.read_text()
    # Killed after the commit, before the file had its name; and once more before the commit.
    told.rename(told.with_name(told.name + ".part"))
    (tower.home.outbox / "web-20260601T120000Z-99.csv.part").write_text("never recorded")
    send_orders(tower, [1])
    work_until_idle(tower)
    assert told.read_text() == text
    assert not [name for name in files(tower) if name.endswith(".part")]
    assert len(files(tower)) == 2


def test_a_crash_before_the_record_tells_it_again(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    before = files(tower)
    send_orders(tower, [1])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", crash)
        with pytest.raises(KeyboardInterrupt):
            work_until_idle(tower)
    assert files(tower) == before
    work_until_idle(tower)
    (fresh,) = files(tower) - before
    assert "CUP,CUP,99," in (tower.home.outbox / fresh).read_text()


def test_an_order_that_was_read_before_is_not_worked_again(tower: Tower) -> None:
    send_orders(tower, [1])
    work_until_idle(tower)
    send(tower, exchange.ORDER, {"A1": order(1)})
    assert work_until_idle(tower) == 0
