"""Which event tells of a move: of two steps of a transfer at one instant, each tells of its own moves."""

from datetime import UTC, datetime

from stocktower import inventory
from stocktower.insight.posted import Part, Said, is_told_by
from stocktower.inventory import StockRow
from stocktower.inventory import views as ledger
from stocktower.platform import RecordedEvent

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SOURCE, DESTINATION, CUP, LID, TRANSFER = 1, 2, 7, 8, 30
MOVES = {
    (SOURCE, "available", -5): "shipped",
    (DESTINATION, inventory.TRANSIT, 5): "shipped",
    (DESTINATION, inventory.TRANSIT, -5): "arrived",
    (DESTINATION, "available", 5): "arrived",
    (SOURCE, "available", 5): "returned",
    (DESTINATION, "available", -5): "",
}
"""(site, status, by how much) -> the step that makes such a move."""


def told(step: str, sku_id: int, site_id: int, status: str, delta: int) -> bool:
    """Whether a step of a transfer of cups tells of a move."""
    move = ledger.Entry(
        NOW, 1, 1, is_move=True, delta=delta, quantity_after=9, allocated_after=0, reason="transfer", counterpart="",
        reference="transfer", reference_id=TRANSFER, line_no=0, actor="tester", occurred_at=NOW,
    )  # fmt: skip
    row = StockRow(1, sku_id, site_id, status, "own", "", 9, 0, 0, 1, None)
    event = RecordedEvent(5, f"transfer.{step}", 1, "transfer", TRANSFER, "", "tester", None, NOW, NOW, b"")
    return is_told_by(move, row, event, Said(from_site_id=SOURCE, to_site_id=DESTINATION, lines=(Part(CUP),)))


def test_each_step_of_a_transfer_tells_of_its_own_moves() -> None:
    for (site_id, status, delta), expected in MOVES.items():
        place = (site_id, status, delta)
        steps = [step for step in ("shipped", "arrived", "returned") if told(step, CUP, *place)]
        # What comes out of transit comes back or arrives: what the event is of says which.
        wanted = (
            ["arrived", "returned"] if status == inventory.TRANSIT and delta < 0 else [expected] if expected else []
        )
        assert steps == wanted, place
        assert not any(told(step, LID, *place) for step in ("shipped", "arrived", "returned"))
