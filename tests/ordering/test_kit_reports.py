"""What sites say of kits: by the kit, by its components, and of which lots it was."""

import pytest

from stocktower import inventory
from stocktower.exchange import ConfirmationLine, ProductDocument, ReceiptDocument, ReceiptLine
from stocktower.platform import Transaction
from tests.ordering.world import PRODUCTS, TEXT, World, document

MORE = (
    ProductDocument("MILK", "Milk", tracking="lot"),
    ProductDocument("TEA", "Tea", tracking="lot"),
    ProductDocument("PACK", "A cup with milk", components=(("CUP", 1), ("MILK", 2))),
    ProductDocument("BOX", "Milk and tea", components=(("MILK", 1), ("TEA", 1))),
)


@pytest.fixture
def world(tx: Transaction) -> World:
    """Milk of two lots, the older one before the other, tea and cups."""
    world = World(tx, TEXT, (*PRODUCTS, *MORE))
    lines = [ReceiptLine("CUP", 9, line="c"), ReceiptLine("TEA", 5, lot="T", line="t")]
    lines += [ReceiptLine("MILK", 9, lot=lot, line=lot) for lot in ("A", "B")]
    inventory.state_receipt(tx, ReceiptDocument("D-1", "EAST", tuple(lines)))
    world.work()
    return world


def left(world: World) -> dict[str, int]:
    """Lot -> units that are there."""
    return {one.lot: one.quantity for one in inventory.load_lots(world.tx)}


def test_a_lot_that_is_named_of_a_kit_is_of_the_component_that_has_it(world: World) -> None:
    world.order("web", document("1", ("PACK", 3)))
    world.confirm("1", "shipped", lots=(ConfirmationLine(3, "PACK", lot="B"),))
    assert left(world) == {"A": 9, "B": 3, "T": 5}
    assert world.cases() == {}
    world.order("web", document("2", ("BOX", 2)))
    world.confirm("2", "shipped", lots=(ConfirmationLine(1, "BOX", lot="B"), ConfirmationLine(1, "BOX", lot="A")))
    assert left(world) == {"A": 8, "B": 2, "T": 3}
    assert world.state("2")[0] == "done"
    world.check()


def test_components_make_the_kits_that_they_are_of(world: World) -> None:
    world.order("web", document("1", ("PACK", 3), ("CUP", 1)))
    stated = (
        ConfirmationLine(1, "MILK", lot="A"), ConfirmationLine(3, "MILK", lot="B"), ConfirmationLine(2, "CUP"),
    )  # fmt: skip
    # The cups are a line of their own: of the kit the site says only its milk, and nobody can say how many it is.
    world.confirm("1", "shipped", lots=stated)
    assert [kind.split()[0] for kind in world.cases()] == ["confirmation_mismatch"]
    world.order("web", document("2", ("BOX", 3)))
    stated = (
        ConfirmationLine(1, "MILK", lot="A"), ConfirmationLine(1, "MILK", lot="B"), ConfirmationLine(2, "TEA"),
    )  # fmt: skip
    world.confirm("2", "picked", lots=stated)
    world.confirm("2", "shipped", lots=stated)
    assert world.find("2").lines[0].shipped == 2
    assert (left(world)["T"], left(world)["A"], left(world)["B"]) == (3, 8, 8)
    world.confirm("2", "short_picked", lots=(ConfirmationLine(1, "TEA"),))
    assert world.find("2").lines[0].released == 0
    world.check()
