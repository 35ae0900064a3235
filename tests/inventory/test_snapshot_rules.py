"""Pure rules of whole sites, tolerances and what came ahead of its word: properties."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory.snapshots.tolerances import covers
from stocktower.inventory.snapshots.whole_sites import Rest, decide_rest, is_too_much
from stocktower.inventory.stock.site_rows import HeldRow
from stocktower.inventory.transfers.transfer_rules import AHEAD, TOLD, TransferChange, parts_ahead, split_parts
from stocktower.kernel import allowed_units
from stocktower.model import SnapshotRule

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
HELD = st.builds(
    HeldRow,
    stock_id=st.integers(1, 10**6),
    sku_id=st.integers(1, 6),
    status=st.sampled_from(("available", "expired", "damaged")),
    owner=st.sampled_from(("own", "consignor:ART")),
    lot=st.sampled_from(("", "L1")),
    held=st.integers(-3, 30),
    counted_at=st.sampled_from((None, AT - timedelta(hours=1), AT, AT + timedelta(hours=1))),
)
NAMED = st.sets(
    st.tuples(st.integers(1, 6), st.sampled_from(("available", "damaged")), st.sampled_from(("own", "consignor:ART")))
)


@given(st.lists(HELD, max_size=12), NAMED)
def test_what_is_left_out_is_held_not_named_and_not_counted_since(
    held: list[HeldRow], named: set[tuple[int, str, str]]
) -> None:
    rest = decide_rest(held, named, (), AT)
    spoken = {(status, owner) for _, status, owner in named}
    for row in rest.rows:
        said = "available" if row.status == "expired" else row.status
        assert row.held > 0
        assert (said, row.owner) in spoken
        assert (row.sku_id, said, row.owner) not in named
        assert row.counted_at is None or row.counted_at <= AT
    assert rest.units == sum(row.held for row in rest.rows) <= rest.units_held
    everything = {(row.sku_id, status, row.owner) for row in held for status in ("available", "expired", "damaged")}
    assert decide_rest(held, named | everything, (), AT).rows == ()


@given(st.integers(0, 40), st.integers(0, 200), st.integers(0, 20), st.integers(0, 100))
def test_a_person_is_asked_about_more_rather_than_less(left_out: int, units: int, rows: int, percent: int) -> None:
    one = HeldRow(1, 1, "available", "own", "", 5, None)
    rest = Rest((one,) * left_out, units, 40, 200)
    more = Rest((one,) * min(40, left_out + 1), min(200, units + 1), 40, 200)
    rule = SnapshotRule(missing_rows=rows, missing_percent=percent)
    assert not is_too_much(rest, rule) or is_too_much(more, rule)
    assert left_out > rows or not is_too_much(rest, rule)


@given(
    st.integers(0, 500), st.integers(-500, 500), st.integers(0, 9_000), st.none() | st.integers(0, 50),
    st.none() | st.integers(0, 100), st.none() | st.integers(0, 9_000),
)  # fmt: skip
def test_a_smaller_difference_is_never_worse(
    expected: int, delta: int, worth: int, units: int | None, percent: int | None, minor: int | None
) -> None:
    rule = SnapshotRule(tolerance_units=units, tolerance_percent=percent, tolerance_minor=minor)  # pyright: ignore[reportArgumentType]
    assert covers(rule, expected, 0, 0)
    if covers(rule, expected, delta, worth):
        smaller = delta - 1 if delta > 0 else delta + 1 if delta < 0 else 0
        assert covers(rule, expected, smaller, max(0, worth - 1))
    elif minor is None:
        assert abs(delta) > allowed_units(expected, units or 0, percent or 0)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), max_size=6))
def test_what_is_told_is_told_of_what_came_first(steps: list[tuple[int, int]]) -> None:
    changes: list[TransferChange] = []
    ahead = 0
    for place, (units, told) in enumerate(steps):
        ahead += units
        part = min(told, ahead)
        ahead -= part
        for kind, count in ((AHEAD, units), (TOLD, part)):
            if count:
                at = AT + timedelta(hours=place)
                changes.append(TransferChange(1, len(changes), 1, kind, count, "", 0, "", at, at))
    parts = parts_ahead(changes)
    assert sum(units for _, units in parts) == ahead
    assert [at for at, _ in parts] == sorted(at for at, _ in parts)
    taken, left = split_parts(parts, ahead // 2)
    assert sum(units for _, units in taken) == ahead // 2
    assert sum(units for _, units in left) == ahead - ahead // 2
