"""What changes supply is told to whoever offers it, and to whoever waits for it: no kind of event is forgotten."""

from stocktower import inventory, ordering, publication


def test_every_change_of_supply_is_told_to_channels() -> None:
    assert set(inventory.SUPPLY_KINDS) <= set(publication.KINDS)


def test_every_move_of_stock_is_looked_at_for_who_waits() -> None:
    assert set(inventory.STOCK_KINDS) <= set(ordering.RESUME_KINDS)
