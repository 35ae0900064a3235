"""The inbox: stored once, worked in order, put aside, resumed, erased."""

import pytest

from stocktower import exchange
from stocktower.exchange import Incoming, Receipt
from stocktower.platform import FrozenClock, Transaction, load_invariants


def order(key: str, body: bytes = b"{}") -> Incoming:
    return Incoming("order", key, body)


def receive(tx: Transaction, *items: Incoming, source: str = "web") -> list[Receipt]:
    return exchange.receive(tx, source, items, origin="test")


def claimed(tx: Transaction, *kinds: str, limit: int = 100) -> list[str]:
    return [f"{message.key}:{message.body.decode()}" for message in exchange.claim(tx, kinds or ("order",), limit)]


@pytest.fixture(autouse=True)
def hold(tx: Transaction):
    """After each test the invariants of the room return nothing."""
    yield
    for invariant in load_invariants("stocktower.exchange"):
        assert tx.tuples(invariant.query) == [], invariant.name


def test_once_and_changed(tx: Transaction) -> None:
    first, twice, changed = receive(tx, order("a"), order("a"), order("a", b"[1]"))
    assert [first.outcome, twice.outcome, changed.outcome] == ["new", "repeated", "changed"]
    assert first.message_id == twice.message_id != changed.message_id
    again, back, elsewhere = receive(tx, order("a", b"[1]"), order("a"), order("b"))
    assert (again, back) == (Receipt(changed.message_id, "repeated"), Receipt(first.message_id, "repeated"))
    assert elsewhere.outcome == "new"
    (other_source,) = receive(tx, order("a"), source="amazon")
    assert other_source.outcome == "new"
    messages = exchange.load_messages_of_key(tx, "web", "order", "a")
    assert [(message.sequence, message.body, message.received_at) for message in messages] == [
        (1, b"{}", tx.now),
        (2, b"[1]", tx.now),
    ]
    assert receive(tx) == []


@pytest.mark.parametrize("key", ["", "x" * 501])
def test_a_key_that_is_none(tx: Transaction, key: str) -> None:
    with pytest.raises(exchange.UnusableKey):
        receive(tx, order(key))


def test_one_message_of_a_key_at_a_time(tx: Transaction) -> None:
    receive(tx, order("a", b"1"), order("b", b"1"), order("a", b"2"), order("a", b"3"))
    assert claimed(tx) == ["a:1", "b:1"]
    exchange.finish(tx, [exchange.claim(tx, ["order"], 1)[0].message_id])
    assert claimed(tx) == ["b:1", "a:2"]


def test_order_of_receipt_counts_not_the_ids(tx: Transaction) -> None:
    """Processes take ids in blocks, so that a later message can have a smaller id."""
    later, earlier = tx.new_ids(2)
    tx.new_ids = lambda n: [earlier]  # pyright: ignore[reportAttributeAccessIssue]
    receive(tx, order("a", b"1"))
    tx.new_ids = lambda n: [later]  # pyright: ignore[reportAttributeAccessIssue]
    receive(tx, order("a", b"2"))
    assert earlier > later
    assert claimed(tx) == ["a:1"]
    assert [message.body for message in exchange.load_messages_of_key(tx, "web", "order", "a")] == [b"1", b"2"]


def test_lanes_and_limits(tx: Transaction) -> None:
    receive(tx, order("o"), Incoming("stock", "s", b"{}"), Incoming("product", "p", b"{}"))
    receive(tx, Incoming("confirmation", "c", b"{}"), Incoming("kept", "k", b"{}"))
    assert claimed(tx, "stock", "order", "confirmation", "product") == ["p:{}", "c:{}", "o:{}", "s:{}"]
    assert claimed(tx, "stock", "order", "confirmation", "product", limit=3) == ["p:{}", "c:{}", "o:{}"]
    assert claimed(tx, "stock", "kept") == ["s:{}"]
    goods = {"inbound", "receipt", "transfer", "adjustment", "listing", "bin_move", "assembly"}
    assert set(exchange.message_kinds()) == {"stock", "order", "confirmation", "product", "statement", *goods}


def test_waiting_holds_up_its_key_until_the_cause_is_gone(tx: Transaction) -> None:
    first, _, _ = receive(tx, order("a", b"1"), order("a", b"2"), order("b", b"1"))
    exchange.wait(tx, [(first.message_id, "listing/web/X")])
    assert claimed(tx) == ["b:1"]
    assert exchange.resume(tx, ["listing/web/Y"]) == 0
    assert exchange.resume(tx, ["listing/web/Y", "listing/web/X"]) == 1
    assert claimed(tx) == ["a:1", "b:1"]
    assert [message.attempts for message in exchange.load_messages(tx, [first.message_id])] == [1]


def test_parked_and_tried_again(tx: Transaction) -> None:
    first, _ = receive(tx, order("a", b"1"), order("a", b"2"))
    exchange.park(tx, first.message_id, "KeyError: 'x'\0")
    assert claimed(tx) == []
    view = exchange.view_message(tx, first.message_id)
    assert view is not None
    assert (view.work_state, view.cause, view.body) == ("parked", "KeyError: 'x'", "1")
    assert [(item.kind, item.state, item.messages) for item in exchange.load_backlog(tx)] == [
        ("order", "parked", 1),
        ("order", "ready", 1),
    ]
    assert exchange.unpark(tx, [first.message_id]) == 1
    assert claimed(tx) == ["a:1"]


def test_erased_bodies(tx: Transaction) -> None:
    first, second = receive(tx, order("a", b'{"email":"ann"}'), order("b", b"{}"))
    assert exchange.erase_bodies(tx, [first.message_id]) == 1
    assert exchange.erase_bodies(tx, [first.message_id]) == 0
    assert claimed(tx) == ["b:{}"]
    view = exchange.view_message(tx, first.message_id)
    assert view is not None
    assert (view.body, view.erased_at, view.work_state) == ("", tx.now, "")
    again, _ = receive(tx, order("a", b'{"email":"ann"}'), order("b"))
    assert again == Receipt(first.message_id, "repeated")
    assert exchange.erase_bodies(tx, []) == 0
    assert second.message_id in [message.message_id for message in exchange.load_messages(tx, [second.message_id])]


def test_another_merchant_sees_nothing(tx: Transaction) -> None:
    (receipt,) = receive(tx, order("a"))
    mine, tx.merchant_id = tx.merchant_id, tx.merchant_id + 1
    assert claimed(tx) == []
    assert exchange.load_messages(tx, [receipt.message_id]) == []
    assert exchange.load_backlog(tx) == []
    tx.merchant_id = mine
    assert claimed(tx) == ["a:{}"]


def test_answers(tx: Transaction) -> None:
    assert exchange.load_answer(tx, "k", b"h") is None
    exchange.remember_answer(tx, "k", b"h", 201, b"{}")
    answer = exchange.load_answer(tx, "k", b"h")
    assert answer is not None
    assert (answer.status, answer.response) == (201, b"{}")
    with pytest.raises(exchange.KeyAnsweredOtherwise):
        exchange.load_answer(tx, "k", b"other")
    with pytest.raises(exchange.KeyAnsweredOtherwise):
        exchange.remember_answer(tx, "k", b"h", 201, b"{}")


def test_imports(tx: Transaction, clock: FrozenClock) -> None:
    facts = {"kind": "orders", "source": "web", "format": "shopify", "sha256": "ff", "bytes": 9}
    first = exchange.begin_import(tx, name="a.csv", **facts)  # pyright: ignore[reportArgumentType]
    exchange.receive(tx, "web", [order("a")], origin="file", import_id=first)
    exchange.add_progress(tx, first, exchange.ImportProgress(new=2, kept=1, orders=1, lines=2, cases=1))
    second = exchange.begin_import(tx, name="a.csv", **facts)  # pyright: ignore[reportArgumentType]
    exchange.add_progress(tx, second, exchange.ImportProgress(repeated=3, orders=1, lines=2))
    done = exchange.end_import(tx, second, notes="fine")
    assert (done.rows, done.repeated, done.state, done.notes, done.ended_at) == (3, 3, "done", "fine", clock.now())
    broken = exchange.load_import(tx, first)
    assert broken is not None
    assert (broken.rows, broken.new, broken.kept, broken.state) == (3, 2, 1, "failed")
    assert {item.import_id for item in exchange.load_imports(tx)} == {first, second}
    assert len(exchange.load_imports(tx, limit=1, offset=1)) == 1
    assert len(exchange.load_messages_of_import(tx, first)) == 1
    with pytest.raises(exchange.UnknownImport):
        exchange.end_import(tx, 17)
