"""Events: written last, gapless, in the order of commit; read by cursors that miss nothing."""

from stocktower.platform import Event, Transaction, load_events_after


def test_events_take_the_next_positions(tx: Transaction) -> None:
    tx.emit(
        Event("order.captured", "order", 7, tx.now), Event("order.validated", "order", 7, tx.now, data=b'{"a":"\\n"}')
    )
    assert tx.write_events() == [1, 2]
    tx.emit(Event("order.released", "order", 7, tx.now, actor="me", cause_id=9))
    assert tx.write_events() == [3]
    assert tx.write_events() == []
    events, read_to = load_events_after(tx, 0, 10)
    assert [(event.position, event.kind, event.actor, event.cause_id) for event in events] == [
        (1, "order.captured", "tester", None),
        (2, "order.validated", "tester", None),
        (3, "order.released", "me", 9),
    ]
    assert read_to == 3
    assert events[1].data == b'{"a": "\\n"}'
    assert events[0].recorded_at == tx.now
