"""The audit: one chain whoever writes it, and nothing changed in it goes unseen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from stocktower.access import Role, load_audit, record_act, verify_audit, views
from stocktower.platform import Database, Transaction, load_invariants


def write(tx: Transaction, count: int) -> None:
    for number in range(1, count + 1):
        assert record_act(tx, "order.cancel", "order", number, {"reason": "asked"}) == number


def change(tx: Transaction, statement: str) -> list[str]:
    assert tx.connection.execute(statement.encode(), (tx.merchant_id,)).rowcount == 1
    return verify_audit(tx)


def broken_invariants(tx: Transaction) -> list[str]:
    return [one.name for one in load_invariants("stocktower.access") if tx.tuples(one.query)]


def test_an_act_is_kept_as_it_was(tx: Transaction) -> None:
    data: dict[str, Any] = {
        "z": 1, "a": [1.50, -0.0, 1e30, 12345678901234567890, None, True], "text": 'é\n"\\ </script>',
        "role": Role.FINANCE,
        "at": datetime(2026, 6, 1, tzinfo=UTC), "in": {"b": {}, "a": []},
    }  # fmt: skip
    record_act(tx, "listing.map", "channel", 5, data)
    record_act(tx, "listing.map", "channel", 5, {}, actor="ada")
    last, first = load_audit(tx)
    assert (first.sequence, first.at, first.actor, first.act, first.subject_id) == (
        1,
        tx.now,
        "tester",
        "listing.map",
        5,
    )
    assert first.data["text"] == data["text"]
    assert (last.actor, last.data) == ("ada", {})
    assert verify_audit(tx) == []


def test_an_empty_audit_is_whole(tx: Transaction) -> None:
    assert verify_audit(tx) == []
    assert broken_invariants(tx) == []


@pytest.mark.parametrize(
    "column",
    ["at = at + interval '1 microsecond'", "actor = 'eve'", "act = 'order.ship'", "subject = 'sku'", "subject_id = 9",
     "data = '{\"reason\": \"mine\"}'"],
)  # fmt: skip
def test_a_changed_row_is_found(tx: Transaction, column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_CHUNK", 2)
    write(tx, 5)
    assert verify_audit(tx) == []
    (problem,) = change(tx, f"UPDATE access.audit SET {column} WHERE merchant_id = %s AND sequence = 3")
    assert problem.startswith("audit 3 (")
    assert problem.endswith("was changed after it was written")


def test_a_row_taken_out_is_found(tx: Transaction) -> None:
    write(tx, 4)
    assert change(tx, "DELETE FROM access.audit WHERE merchant_id = %s AND sequence = 2") == ["audit 2 to 2: not there"]
    assert broken_invariants(tx) == ["audit_is_gapless"]


def test_a_row_cut_off_is_found(tx: Transaction) -> None:
    write(tx, 3)
    (problem,) = change(tx, "DELETE FROM access.audit WHERE merchant_id = %s AND sequence = 3")
    assert "ends with 2 where its head says 3" in problem
    assert broken_invariants(tx) == ["audit_is_gapless"]
    (problem,) = change(tx, "DELETE FROM access.chain_head WHERE merchant_id = %s")
    assert "ends with 2 where its head says 0" in problem


def test_two_who_act_at_once_keep_one_chain(database: Database) -> None:
    merchant_id, other_id = database.ensure_merchant("acme"), database.ensure_merchant("other")

    def act(thread: int) -> None:
        for number in range(25):
            with database.transaction(merchant_id, actor=f"thread {thread}") as tx:
                record_act(tx, "case.close", "case", number, {})
                if number % 5 == 4:
                    record_act(tx, "case.note", "case", number, {})

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(act, range(2)))
    with database.transaction(other_id, actor="ada") as tx:
        assert record_act(tx, "case.close", "case", 1, {}) == 1
    with database.reading(merchant_id) as tx:
        assert verify_audit(tx) == []
        assert [entry.sequence for entry in load_audit(tx)] == list(range(60, 0, -1))
        assert broken_invariants(tx) == []


def test_an_act_that_is_rolled_back_leaves_no_gap(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")

    def dry_run() -> None:
        with database.transaction(merchant_id, actor="ada") as tx:
            assert record_act(tx, "case.close", "case", 1, {}) == 1
            raise KeyError

    with pytest.raises(KeyError):
        dry_run()
    with database.transaction(merchant_id, actor="ada") as tx:
        assert record_act(tx, "case.close", "case", 1, {}) == 1
        assert verify_audit(tx) == []
