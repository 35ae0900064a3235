"""Bins are sub-rows: whatever is entered for their row, they hold no more than it has, and each goes by its rule."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite
from msgspec.structs import replace

from stocktower.inventory.bins.rules import FETCHED, BinMove, Binning, BinRow, plan_pick, spread, walking_order, zone_of
from stocktower.inventory.formulas.model import StockRow
from stocktower.inventory.stock.book import Book, Cause, InBins, Lack, Shift

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ONE, OTHER = 1, 2
"""A row, and the one that its units are in when they are in quarantine."""


def row(stock_id: int, quantity: int, bins: dict[str, int], status: str = "available") -> StockRow:
    return StockRow(stock_id, 7, 3, status, "own", "", quantity, 0, 0, 0, None, binned=sum(bins.values()))


def cause(reason: str, number: int) -> Cause:
    return Cause(reason, "", reason, number, NOW)


class Shelf:
    """A row with bins and an empty one beside it, and what is entered for them."""

    def __init__(self, quantity: int, bins: dict[str, int]) -> None:
        self.before = dict(bins)
        self.book = Book(
            [row(ONE, quantity, bins), row(OTHER, 0, {}, "quarantine")], actor="tester", now=NOW
        )  # fmt: skip
        self.known = [BinRow(ONE, code, units, 4) for code, units in bins.items()]

    def follow(self) -> tuple[dict[str, int], dict[str, int], list[BinMove]]:
        """What lies in the bins of both rows then, and the moves."""
        moves = Binning(self.book, self.known).follow({ONE, OTHER})
        bins = {ONE: dict(self.before), OTHER: {}}
        for one in moves:
            bins[one.stock_id][one.bin] = one.quantity_after
        return bins[ONE], bins[OTHER], moves


def test_what_is_picked_leaves_the_bin_that_is_named_then_bins_as_people_walk_then_what_is_not_put_away() -> None:
    shelf = Shelf(20, {"A-10": 5, "A-2": 5, "B-1": 5})
    shelf.book.move(ONE, -7, cause("shipped", 1))
    shelf.book.notes.name(ONE, cause("shipped", 1), "B-1", 1)
    assert shelf.follow()[0] == {"B-1": 4, "A-2": 0, "A-10": 4}
    shelf = Shelf(20, {"A-2": 5})
    shelf.book.move(ONE, -7, cause("shipped", 1))
    assert shelf.follow()[0] == {"A-2": 0}


def test_what_had_left_when_the_bins_were_counted_takes_nothing_out_of_them() -> None:
    """Three are allocated, one was counted; then the shipment of three is heard of, which had left before."""
    for bin in ("", "A-2"):
        shelf = Shelf(3, {"A-2": 1})
        shelf.book.move(ONE, -3, cause("shipped", 1))
        shelf.book.notes.name(ONE, cause("shipped", 1), bin, 3)
        shelf.book.notes.note_gone(ONE, cause("shipped", 1), 3)
        shelf.book.move(ONE, 1, Cause("count", "count", "shipped", 1, NOW))
        assert shelf.follow() == ({"A-2": 1}, {}, [])
        assert shelf.book.notes.lacking == []
    # Of two that had left and two that lay there still the two go.
    shelf = Shelf(6, {"A-2": 5})
    shelf.book.move(ONE, -4, cause("shipped", 1))
    shelf.book.notes.note_gone(ONE, cause("shipped", 1), 2)
    shelf.book.move(ONE, 2, Cause("count", "count", "shipped", 1, NOW))
    assert shelf.follow()[0] == {"A-2": 3}


def test_what_a_named_bin_lacks_was_not_put_away_and_is_told() -> None:
    shelf = Shelf(12, {"A-2": 5, "B-1": 3})
    shelf.book.move(ONE, -6, cause("shipped", 1))
    shelf.book.notes.name(ONE, cause("shipped", 1), "B-1", 5)
    assert shelf.follow()[0] == {"A-2": 4, "B-1": 0}
    assert shelf.book.notes.lacking == [Lack(ONE, "B-1", 5, 3)]


def test_what_is_fetched_for_a_request_leaves_with_it_and_last_with_any_other() -> None:
    bins = {"A-2": 2, FETCHED: 4}
    shelf = Shelf(8, bins)
    shelf.book.move(ONE, -3, cause("shipped", 1))
    shelf.book.notes.name(ONE, cause("shipped", 1), FETCHED, 3)
    assert shelf.follow()[0] == {"A-2": 2, FETCHED: 1}
    for units, left in ((4, {"A-2": 0, FETCHED: 4}), (7, {"A-2": 0, FETCHED: 1})):
        other = Shelf(8, bins)
        other.book.move(ONE, -units, cause("shipped", 2))
        assert other.follow()[0] == left
    # It left before the last count, which is told late: what is there now was not put away.
    shelf = Shelf(8, bins)
    shelf.book.notes.name(ONE, cause("shipped", 1), FETCHED, 3)
    shelf.book.move(ONE, -3, cause("shipped", 1))
    shelf.book.move(ONE, 3, replace(cause("shipped", 1), reason="count"))
    assert shelf.follow()[0] == {"A-2": 2, FETCHED: 1}
    # A count of the shelves says nothing of it: it stays, as far as anything is in no bin.
    for counted, left in (({"A-2": 3}, {"A-2": 3, FETCHED: 4}), ({"A-2": 6}, {"A-2": 6, FETCHED: 2})):
        other = Shelf(8, bins)
        other.book.notes.stated[ONE] = InBins(counted, cause("count", 1))
        assert other.follow()[0] == left
    assert plan_pick(bins, 2, 9) == [("A-2", 2), ("", 2)]


def test_what_is_missing_is_first_what_is_not_put_away() -> None:
    shelf = Shelf(20, {"A-2": 5, "A-10": 5})
    shelf.book.move(ONE, -12, cause("adjustment", 1))
    assert shelf.follow()[0] == {"A-2": 3, "A-10": 5}


def test_what_comes_in_is_not_put_away_unless_its_bin_is_named() -> None:
    shelf = Shelf(5, {"A-2": 5})
    shelf.book.move(ONE, 6, cause("receipt", 1))
    shelf.book.notes.name(ONE, cause("receipt", 1), "A-3", 4)
    assert shelf.follow()[0] == {"A-2": 5, "A-3": 4}


def test_a_shipment_that_the_last_count_saw_takes_nothing_out_of_bins() -> None:
    shelf = Shelf(5, {"A-2": 5})
    shelf.book.move(ONE, -3, cause("shipped", 1))
    shelf.book.move(ONE, 3, replace(cause("shipped", 1), reason="count"))
    assert shelf.follow()[2] == []


def test_what_changes_its_status_stays_in_its_bin() -> None:
    shelf = Shelf(8, {"A-2": 5})
    shelf.book.notes.carried[ONE, "status_change", 1] = OTHER
    shelf.book.move(ONE, -8, cause("status_change", 1))
    shelf.book.move(OTHER, 8, cause("status_change", 1))
    assert shelf.follow()[:2] == ({"A-2": 0}, {"A-2": 5})
    assert (shelf.book.balances[ONE].binned, shelf.book.balances[OTHER].binned) == (0, 5)


def test_a_count_of_bins_with_the_same_sum_moves_units_among_them_only() -> None:
    shelf = Shelf(8, {"A-2": 5, "A-3": 1})
    shelf.book.notes.stated[ONE] = InBins({"A-2": 2, "B-1": 4}, cause("count", 1))
    assert shelf.follow()[0] == {"A-2": 2, "A-3": 0, "B-1": 4}
    assert not shelf.book.moves


@composite
def happenings(draw: DrawFn) -> Shelf:
    """A row with bins, and things that happen to it."""
    bins = draw(st.dictionaries(st.sampled_from(["A-1", "A-2", "A-10", "B-1", FETCHED]), st.integers(1, 9), max_size=5))
    shelf = Shelf(sum(bins.values()) + draw(st.integers(0, 9)), bins)
    book, codes = shelf.book, st.sampled_from(["A-1", "B-1", "C-1", FETCHED])
    for number in range(draw(st.integers(0, 6))):
        here = book.balances[ONE].quantity
        kind = draw(st.sampled_from(["receipt", "shipped", "adjustment", "status_change", "shift"]))
        units = draw(st.integers(0, 9 if kind == "receipt" else here))
        why = cause(kind, number)
        if kind == "shift":
            origin, destination = draw(codes), draw(codes)
            book.notes.shifted.append(Shift(ONE, origin, destination, units, why))
            continue
        if kind == "receipt" and draw(st.booleans()):
            book.notes.change(ONE, why, draw(st.dictionaries(codes, st.integers(-9, 9), max_size=3)))
        if draw(st.booleans()):
            book.notes.name(ONE, why, draw(codes), draw(st.integers(1, 9)))
        book.move(ONE, units if kind == "receipt" else -units, why)
        if kind == "status_change":
            book.notes.carried[ONE, why.reference, number] = OTHER
            book.move(OTHER, units, why)
        elif draw(st.booleans()):
            book.move(ONE, -units if kind == "receipt" else units, replace(why, reason="count"))
    if draw(st.booleans()):
        book.notes.stated[ONE] = InBins(draw(st.dictionaries(codes, st.integers(0, 30))), cause("count", 99))
    return shelf


@given(happenings())
def test_bins_never_hold_more_than_their_row_and_their_moves_add_up(shelf: Shelf) -> None:
    one, other, moves = shelf.follow()
    for stock_id, bins in ((ONE, one), (OTHER, other)):
        balance = shelf.book.balances[stock_id]
        assert all(units >= 0 for units in bins.values())
        assert sum(bins.values()) == balance.binned <= balance.quantity
    for stock_id, known in ((ONE, shelf.before), (OTHER, {})):
        for code in {*one, *other}:
            of_bin = [move for move in moves if (move.stock_id, move.bin) == (stock_id, code)]
            before = known.get(code, 0)
            for move in of_bin:
                assert move.delta
                assert move.quantity_after == before + move.delta
                before = move.quantity_after
            first = 5 if code in known else 1
            assert [move.sequence for move in of_bin] == list(range(first, first + len(of_bin)))
    touched = {move.stock_id for move in moves}
    assert {stock_id for stock_id in (ONE, OTHER) if shelf.book.balances[stock_id].shifted} == touched


@given(st.dictionaries(st.text("AB-0129", min_size=1, max_size=5), st.integers(0, 9)), st.integers(0, 40))
def test_units_are_taken_as_people_walk_and_no_more_than_there_are(bins: dict[str, int], units: int) -> None:
    taken = spread(bins, units)
    assert sum(part for _, part in taken) == min(units, sum(bins.values()))
    order = [walking_order(code) for code, _ in taken]
    assert all(one <= next for one, next in pairwise(order))
    # All but the last bin that somebody goes to is empty then.
    assert all(part == bins[code] for code, part in taken[:-1])


@given(st.lists(st.integers(1, 6), max_size=5), st.integers(0, 6))
def test_pickers_are_sent_to_different_units_and_all_that_is_there_is_fetched(wanted: list[int], loose: int) -> None:
    left = {"A-1": 3, "A-2": 2, "B-1": 4}
    bins, before, fetched = dict(left), 0, 0
    left[""] = loose
    for units in wanted:
        for code, part in plan_pick(bins, loose, units, after=before):
            left[code] -= part
            fetched += part
        before += units
    assert all(units >= 0 for units in left.values())
    assert fetched == min(sum(wanted), 9 + loose)


def test_a_bin_is_in_the_zone_that_its_code_begins_with() -> None:
    assert [zone_of(code) for code in ("A-01-03", "COLD/7", "B12", "12", "", "a.1")] == ["A", "COLD", "B", "", "", "a"]
