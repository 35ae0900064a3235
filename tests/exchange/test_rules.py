"""New, changed or repeated: against a plain model of the inbox."""

from hypothesis import given
from hypothesis import strategies as st

from stocktower.exchange.model import CHANGED, NEW, PRODUCT, REPEATED, STOCK, Incoming, KnownMessage
from stocktower.exchange.rules import decide_receipts, lane_of

kinds = st.sampled_from(["order", "product", "stock", "confirmation", "kept"])
items = st.builds(Incoming, kinds, st.sampled_from(["a", "b"]), st.sampled_from([b"1", b"2", b"3"]))


@given(st.lists(items, max_size=30), st.integers(0, 30))
def test_against_a_model(stated: list[Incoming], cut: int) -> None:
    """However a stream is cut into batches, each message is decided by all that came before it."""
    past: dict[tuple[str, str], list[bytes]] = {}
    wanted: list[str] = []
    for item in stated:
        bodies = past.setdefault((item.kind, item.key), [])
        known = bodies[-1:] if item.kind in (PRODUCT, STOCK) else bodies
        if item.body in known:
            wanted.append(REPEATED)
        else:
            wanted.append(CHANGED if bodies else NEW)
            bodies.append(item.body)
    known_messages: list[KnownMessage] = []
    found: list[str] = []
    for batch in (stated[:cut], stated[cut:]):
        decisions = decide_receipts(batch, known_messages)
        found += [decision.outcome for decision in decisions]
        held: dict[int, KnownMessage] = {}
        for item, decision in zip(batch, decisions, strict=True):
            if decision.outcome != REPEATED:
                message_id = 1_000 + len(known_messages) + len(held)
                held[decision.place] = KnownMessage(
                    item.kind, item.key, message_id, decision.sequence, decision.content_hash
                )
        known_messages += held.values()
    assert found == wanted
    for key, bodies in past.items():
        of_key = [message for message in known_messages if (message.kind, message.key) == key]
        assert [message.sequence for message in of_key] == list(range(1, len(bodies) + 1))
        assert len({message.content_hash for message in of_key}) == len(bodies)


@given(st.lists(items, max_size=30))
def test_a_repetition_names_the_message_that_says_it(stated: list[Incoming]) -> None:
    decisions = decide_receipts(stated, [])
    bodies = {
        decision.place: item.body
        for item, decision in zip(stated, decisions, strict=True)
        if decision.outcome != REPEATED
    }
    assert sorted(bodies) == [-number for number in range(len(bodies), 0, -1)]
    for item, decision in zip(stated, decisions, strict=True):
        assert bodies[decision.place] == item.body


def test_lanes() -> None:
    order = sorted(("order", "confirmation", "product", "stock"), key=lambda kind: lane_of(kind) or 0)
    assert order[-2:] == ["order", "stock"]
    assert lane_of("kept") is None
    assert lane_of("something new") == 1
