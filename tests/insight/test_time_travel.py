"""Time travel tells what we told, and the ledgers alone say the same: a story full of changes, asked again later."""

from msgspec.structs import replace

from stocktower.insight import AtpAnswers, AtsAnswer
from stocktower.platform import Transaction, load_invariants
from tests.insight.ledger_model import LedgerModel
from tests.insight.story import SKUS, Story

ROOMS = ("catalog", "inventory", "publication")
PAST = (
    "catalog.past_kit", "catalog.past_category", "inventory.past_lot", "inventory.usage_change",
    "publication.past_velocity", "publication.past_channel", "publication.past_preorder",
    "catalog.past_supply",
    "catalog.past_name", "inventory.inbound_claim_change",
)  # fmt: skip


def same(answers: tuple[AtsAnswer, AtpAnswers]) -> tuple[AtsAnswer, AtpAnswers]:
    """What answers say, whenever they were asked."""
    ats, atp = answers
    return replace(ats, as_of=None, position=0), replace(atp, as_of=None, position=0)


def test_what_is_said_of_an_instant_is_what_was_said_then_and_what_the_ledgers_say(tx: Transaction) -> None:
    story = Story(tx, seed=18)
    story.live(45)
    model = LedgerModel(tx)
    for at, told in sorted(story.told.items()):
        now, then = story.ask(at), model.at(at)
        assert now.kitchen == told.kitchen, f"kitchen at {at}"
        assert now.ahead == told.ahead, f"ahead at {at}"
        for code in SKUS:
            assert same(now.of[code]) == same(told.of[code]), f"{code} at {at}"
            for one in told.of[code][0].channels:
                assert then.ats(code, one.channel) == one.ats, f"{code} for {one.channel} at {at}"
    broken = [one.name for room in ROOMS for one in load_invariants(f"stocktower.{room}") if tx.tuples(one.query)]
    assert broken == []
    for table in PAST:
        # What never changed proves nothing.
        assert tx.connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() != (0,), table
