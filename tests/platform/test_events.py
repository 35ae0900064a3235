"""Events: written last, gapless, in the order of commit; read by cursors that miss nothing."""

import random
import threading
import time
from datetime import timedelta

import pytest

from stocktower.platform import (
    Database,
    Event,
    FrozenClock,
    RecordedEvent,
    Transaction,
    UnknownMerchant,
    find_position_at,
    load_cursors,
    load_events_after,
    load_events_at,
    load_events_of,
    load_feed,
    load_head,
    load_invariants,
    load_parked,
    load_parked_subjects,
    move_cursor,
    park_event,
    take_cursor,
    unpark,
)


def emit(tx: Transaction, kind: str, subject_id: int = 1, times: int = 1) -> list[int]:
    tx.emit_all(Event(kind, "order", subject_id, tx.now) for _ in range(times))
    return tx.write_events()


def test_events_take_the_next_positions(tx: Transaction) -> None:
    text = b'{"a":"\\n\\t \\\\ \\u00e9"}'
    tx.emit(Event("order.captured", "order", 7, tx.now), Event("order.validated", "order", 7, tx.now, data=text))
    assert tx.write_events() == [1, 2]
    tx.cause_id = 5
    tx.emit(Event("order.released", "order", 7, tx.now, owner="erp", actor="me", cause_id=9, version=2))
    tx.emit(Event("order.held", "order", 8, tx.now - timedelta(days=1)))
    assert tx.write_events() == [3, 4]
    assert tx.write_events() == []
    events, read_to = load_events_after(tx, 0, 10)
    assert read_to == 4
    assert [(event.position, event.kind, event.actor, event.cause_id, event.owner) for event in events] == [
        (1, "order.captured", "tester", None, "tower"),
        (2, "order.validated", "tester", None, "tower"),
        (3, "order.released", "me", 9, "erp"),
        (4, "order.held", "tester", 5, "tower"),
    ]
    assert events[1].data == '{"a": "\\n\\t \\\\ é"}'.encode()
    assert events[2].version == 2
    assert events[0].recorded_at == tx.now
    assert events[3].occurred_at == tx.now - timedelta(days=1)


def test_a_merchant_that_is_not_known(tx: Transaction) -> None:
    tx.merchant_id = 1
    with pytest.raises(UnknownMerchant):
        emit(tx, "a.b")


def test_the_time_of_recording_never_falls(tx: Transaction) -> None:
    began = tx.now
    emit(tx, "a.b")
    tx.now = began - timedelta(hours=1)
    emit(tx, "a.b")
    tx.now = began + timedelta(hours=1)
    emit(tx, "a.b", times=3)
    assert [event.recorded_at for event in load_feed(tx, 0, 3)] == [began, began, began + timedelta(hours=1)]
    assert [find_position_at(tx, began + timedelta(minutes=minutes)) for minutes in (-1, 0, 59, 60, 61)] == [
        0,
        2,
        2,
        5,
        5,
    ]


def test_reading_in_portions(tx: Transaction) -> None:
    assert load_events_after(tx, 0, 10) == ([], 0)
    emit(tx, "a.b", times=5)
    events, read_to = load_events_after(tx, 1, 3)
    assert [event.position for event in events] == [2, 3, 4]
    assert read_to == 4
    assert load_events_after(tx, 4, 3)[1] == 5
    assert load_events_after(tx, 5, 3) == ([], 5)
    assert [event.position for event in load_feed(tx, 3, 10)] == [4, 5]
    assert [event.position for event in load_events_at(tx, [4, 2])] == [2, 4]


def test_reading_some_kinds_says_how_far_it_read(tx: Transaction) -> None:
    emit(tx, "noise", times=100)
    emit(tx, "wanted", times=2)
    emit(tx, "noise")
    # Two at a time look through no more than a hundred events.
    assert load_events_after(tx, 0, 2, ["wanted"]) == ([], 100)
    events, read_to = load_events_after(tx, 100, 2, ["wanted", "other"])
    assert [event.position for event in events] == [101, 102]
    assert read_to == 102
    assert load_events_after(tx, 102, 2, ["wanted"]) == ([], 103)
    assert load_events_after(tx, 103, 2, ["wanted"]) == ([], 103)


def test_the_events_of_a_subject(tx: Transaction) -> None:
    emit(tx, "a.b", 7)
    emit(tx, "a.b", 8)
    emit(tx, "a.c", 7)
    emit(tx, "a.d", 7)
    assert [event.kind for event in load_events_of(tx, 7, 10)] == ["a.b", "a.c", "a.d"]
    assert [event.kind for event in load_events_of(tx, 7, 2)] == ["a.c", "a.d"]


def test_a_cursor_goes_on_and_never_back(tx: Transaction) -> None:
    assert take_cursor(tx, "finance") == 0
    move_cursor(tx, "finance", 5)
    assert take_cursor(tx, "finance") == 5
    assert load_cursors(tx) == {"finance": 5}
    with pytest.raises(ValueError, match="cannot go to 4"):
        move_cursor(tx, "finance", 4)
    with pytest.raises(ValueError, match="cannot go to 4"):
        move_cursor(tx, "nobody", 4)


def test_one_worker_has_the_cursor(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        assert take_cursor(tx, "finance") == 0
    with database.transaction(merchant_id, actor="one") as one:
        assert take_cursor(one, "finance") == 0
        with database.transaction(merchant_id, actor="two") as two:
            assert take_cursor(two, "finance") is None
            assert take_cursor(two, "publication") == 0
        move_cursor(one, "finance", 0)
    with database.transaction(merchant_id, actor="two") as two:
        assert take_cursor(two, "finance") == 0


def test_parked_events_come_back_in_order(tx: Transaction) -> None:
    emit(tx, "a.b", 7)
    emit(tx, "a.b", 8)
    emit(tx, "a.c", 7)
    events = load_feed(tx, 0, 10)
    take_cursor(tx, "finance")
    for event in (events[2], events[0], events[0], events[1]):
        park_event(tx, "finance", event, "no rate\0")
    move_cursor(tx, "finance", 3)
    assert load_parked_subjects(tx, "finance") == {("order", 7), ("order", 8)}
    assert load_parked_subjects(tx, "publication") == set()
    assert [(parked.position, parked.error) for parked in load_parked(tx, "finance")] == [
        (1, "no rate"),
        (2, "no rate"),
        (3, "no rate"),
    ]
    assert [event.position for event in unpark(tx, "finance", "order", 7)] == [1, 3]
    assert unpark(tx, "finance", "order", 7) == []
    assert load_parked_subjects(tx, "finance") == {("order", 8)}


def test_late_committers_are_never_missed(database: Database, clock: FrozenClock) -> None:
    """Writers commit in any order, some never; readers follow with a cursor and see each event once, in order."""
    merchant_id = database.ensure_merchant("acme")
    writers, transactions = 6, 40
    done = threading.Event()
    seen: list[RecordedEvent] = []
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(transactions):
            try:
                with database.transaction(merchant_id, actor=f"writer {writer}") as tx:
                    tx.emit_all(
                        Event("a.b", "order", writer * 1000 + number, tx.now) for _ in range(chance.randrange(1, 4))
                    )
                    # Some write early and dawdle under the head row, some dawdle before it, some give up after it.
                    if chance.random() < 0.3:
                        tx.write_events()
                    time.sleep(chance.random() * 0.003)
                    if chance.random() < 0.2:
                        tx.write_events()
                        raise KeyError("gives up")
            except KeyError:
                continue

    def read() -> None:
        while True:
            finished = done.is_set()
            with database.transaction(merchant_id, actor="reader") as tx:
                position = take_cursor(tx, "audit")
                if position is None:
                    continue
                events, read_to = load_events_after(tx, position, 7)
                seen.extend(events)
                move_cursor(tx, "audit", read_to)
            if finished and read_to == position:
                return

    def guarded(work: threading.Thread) -> threading.Thread:
        run = work.run

        def wrapped() -> None:
            try:
                run()
            except BaseException as error:
                failures.append(error)

        work.run = wrapped
        return work

    writing = [guarded(threading.Thread(target=write, args=(writer,))) for writer in range(writers)]
    reading = [guarded(threading.Thread(target=read)) for _ in range(2)]
    for thread in writing + reading:
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    for thread in reading:
        thread.join()
    assert failures == []
    with database.reading(merchant_id) as tx:
        head = load_head(tx)
        assert head > writers
        assert [event.position for event in seen] == list(range(1, head + 1))
        assert seen == load_feed(tx, 0, head)
        for invariant in load_invariants("stocktower.platform"):
            assert tx.tuples(invariant.query) == []
