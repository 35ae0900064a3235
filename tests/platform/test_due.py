"""Due work: taken when it is due, oldest first, by one worker only."""

from datetime import timedelta

import pytest

from stocktower.platform import Database, Transaction, next_due_at, reschedule, schedule, take_due, unschedule


def test_taken_when_due_and_oldest_first(tx: Transaction) -> None:
    minute = timedelta(minutes=1)
    schedule(tx, "hold.expiry", [(1, tx.now), (2, tx.now - minute), (3, tx.now + minute), (4, tx.now - minute)])
    assert take_due(tx, "hold.expiry", 2) == [2, 4]
    assert take_due(tx, "other", 2) == []
    assert take_due(tx, "hold.expiry", 10) == [1]
    assert take_due(tx, "hold.expiry", 10) == []
    tx.now += minute
    assert take_due(tx, "hold.expiry", 10) == [3]


def test_a_new_time_replaces_the_old_one(tx: Transaction) -> None:
    later = tx.now + timedelta(hours=1)
    schedule(tx, "a", [(1, tx.now)])
    schedule(tx, "a", [(1, tx.now), (1, later)])
    schedule(tx, "a", [])
    assert take_due(tx, "a", 10) == []
    assert next_due_at(tx) == later


def test_what_is_due_already_is_not_put_off(tx: Transaction) -> None:
    later = tx.now + timedelta(hours=1)
    schedule(tx, "a", [(1, tx.now), (2, later), (3, tx.now), (4, later)])
    reschedule(tx, "a", [(1, later), (2, later + timedelta(hours=1)), (3, None), (4, None), (5, later)])
    reschedule(tx, "a", [])
    assert take_due(tx, "a", 10) == [1, 3]
    assert next_due_at(tx) == later
    tx.now = later
    assert take_due(tx, "a", 10) == [5]
    tx.now += timedelta(hours=1)
    assert take_due(tx, "a", 10) == [2]
    assert next_due_at(tx) is None


def test_unscheduled_work_is_gone(tx: Transaction) -> None:
    schedule(tx, "a", [(1, tx.now), (2, tx.now)])
    unschedule(tx, "a", [1, 9])
    unschedule(tx, "a", [])
    assert take_due(tx, "a", 10) == [2]


def test_the_next_of_all_kinds(tx: Transaction) -> None:
    assert next_due_at(tx) is None
    for kind, minutes in (("a", 5), ("b", 3), ("c", 9)):
        schedule(tx, kind, [(key, tx.now + timedelta(minutes=minutes + key)) for key in (2, 1)])
    assert next_due_at(tx) == tx.now + timedelta(minutes=4)


def test_two_workers_never_take_the_same(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        schedule(tx, "a", [(key, tx.now) for key in range(10)])
    with database.transaction(merchant_id, actor="one") as one:
        assert take_due(one, "a", 4) == [0, 1, 2, 3]
        with database.transaction(merchant_id, actor="two") as two:
            assert take_due(two, "a", 4) == [4, 5, 6, 7]
    with database.transaction(merchant_id, actor="one") as one:
        assert take_due(one, "a", 10) == [8, 9]


def test_nobody_waits_for_a_worker_and_what_was_scheduled_meanwhile_is_kept(database: Database) -> None:
    merchant_id = database.ensure_merchant("meanwhile")
    later = timedelta(hours=1)
    with database.transaction(merchant_id, actor="tester") as tx:
        schedule(tx, "a", [(key, tx.now) for key in range(5)])
    with database.transaction(merchant_id, actor="worker") as worker:
        assert take_due(worker, "a", 4) == [0, 1, 2, 3]
        with database.transaction(merchant_id, actor="command") as tx:
            now = tx.now
            schedule(tx, "a", [(0, now), (1, now + later), (4, now + later)])
            # What is in hand and to be looked at anyway is not put off, and not given up.
            reschedule(tx, "a", [(2, now + later)])
            unschedule(tx, "a", [3])
        with database.transaction(merchant_id, actor="another") as another:
            another.now = now
            assert take_due(another, "a", 10) == [], "a key is with one worker only"
        schedule(worker, "a", [(3, now)])
    with database.transaction(merchant_id, actor="worker") as worker:
        worker.now = now
        assert take_due(worker, "a", 10) == [0, 3]
        worker.now = now + later
        assert take_due(worker, "a", 10) == [1, 4]
        assert next_due_at(worker) is None


def test_what_a_worker_gives_up_is_as_it_was(database: Database) -> None:
    merchant_id = database.ensure_merchant("crash")
    with database.transaction(merchant_id, actor="tester") as tx:
        schedule(tx, "a", [(1, tx.now), (2, tx.now)])

    def crash() -> None:
        with database.transaction(merchant_id, actor="worker") as worker:
            assert take_due(worker, "a", 10) == [1, 2]
            with database.transaction(merchant_id, actor="command") as tx:
                schedule(tx, "a", [(1, tx.now)])
            raise KeyError

    with pytest.raises(KeyError):
        crash()
    with database.transaction(merchant_id, actor="worker") as worker:
        assert take_due(worker, "a", 10) == [1, 2], "once, though it was scheduled twice"
        assert next_due_at(worker) is None
