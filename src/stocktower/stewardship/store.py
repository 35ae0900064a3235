"""The statements of the room, one typed function each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from stocktower.platform import Query, Transaction, load_queries

from .model import CheckCount, Duplicate, Failure, Member, Merge, Quality

_Q = load_queries(__package__)

CHECK_QUERIES: dict[str, Query] = {
    "clashing_barcode": _Q.check_clashing_barcode,
    "kit_of_inactive": _Q.check_kit_of_inactive,
    "unit_mismatch": _Q.check_unit_mismatch,
    "orphan_listing": _Q.check_orphan_listing,
    "missing_cost": _Q.check_missing_cost,
    "missing_weight": _Q.check_missing_weight,
    "invalid_gtin": _Q.check_invalid_gtin,
    "duplicate_name": _Q.check_duplicate_name,
    "missing_barcode": _Q.check_missing_barcode,
    "missing_price": _Q.check_missing_price,
    "pack_without_unit": _Q.check_pack_without_unit,
    "other_barcode": _Q.check_other_barcode,
    "no_supplier": _Q.check_no_supplier,
    "no_lead_time": _Q.check_no_lead_time,
    "not_listed": _Q.check_not_listed,
    "missing_category": _Q.check_missing_category,
    "name_is_code": _Q.check_name_is_code,
    "silent_listing": _Q.check_silent_listing,
}
"""The query of each declared check."""


def lock_checking(tx: Transaction) -> None:
    """Wait until nobody else checks."""
    tx.value(_Q.lock_checking)


def find_failing(
    tx: Transaction, name: str, sku_ids: Sequence[int] | None, before: datetime, *, is_planned: bool
) -> list[tuple[int, str]]:
    """(SKU, what is wrong) of those that fail a check, or may fail it; None: among all. `is_planned`: the configuration
    says how SKUs come.
    """
    return tx.tuples(
        CHECK_QUERIES[name], everything=sku_ids is None, sku_ids=list(sku_ids or ()), before=before,
        is_planned=is_planned,
    )  # fmt: skip


def record_failing(
    tx: Transaction, name: str, found: Sequence[tuple[int, str]], looked_at: Sequence[int] | None
) -> None:
    """What fails a check now, and what does not any more, of those that were looked at (None: all)."""
    sku_ids = [sku_id for sku_id, _ in found]
    tx.execute(
        _Q.clear_failing, name=name, everything=looked_at is None, looked_at=list(looked_at or ()), sku_ids=sku_ids
    )
    if found:
        tx.execute(_Q.record_failing, name=name, sku_ids=sku_ids, details=[detail for _, detail in found])


def record_quality(
    tx: Transaction,
    sku_ids: Sequence[int] | None,
    weights: Mapping[str, int],
    since: datetime,
    rates: tuple[list[str], list[int], list[int]],
) -> None:
    """The scores of SKUs (None: of all) by what they fail and what was sold since."""
    currencies, tops, bottoms = rates
    tx.execute(
        _Q.record_quality,
        everything=sku_ids is None,
        sku_ids=list(sku_ids or ()),
        names=list(weights),
        weights=list(weights.values()),
        since=since,
        currencies=currencies,
        tops=tops,
        bottoms=bottoms,
    )


def load_neighbours(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """SKUs whose checks depend on some SKUs."""
    return tx.values(_Q.load_neighbours, sku_ids=list(sku_ids))


def load_quality(tx: Transaction, sku_ids: Sequence[int]) -> list[Quality]:
    """The quality of some SKUs."""
    return tx.fetch(_Q.load_quality, Quality, sku_ids=list(sku_ids))


def load_queue(tx: Transaction, name: str, limit: int, offset: int) -> list[Quality]:
    """SKUs that fail a check ('': any), the most money touched first."""
    return tx.fetch(_Q.load_queue, Quality, name=name, limit=limit, offset=offset)


def load_failing_of(tx: Transaction, sku_ids: Sequence[int]) -> list[Failure]:
    """What some SKUs fail."""
    return tx.fetch(_Q.load_failing_of, Failure, sku_ids=list(sku_ids))


def count_failing(tx: Transaction) -> list[CheckCount]:
    """How many SKUs fail each check."""
    return tx.fetch(_Q.count_failing, CheckCount)


def count_quality(tx: Transaction) -> tuple[int, int, int]:
    """(SKUs checked, those that fail nothing, the sum of the scores)."""
    return tx.tuples(_Q.count_quality)[0]  # pyright: ignore[reportReturnType]


def load_costly(tx: Transaction, name: str, limit: int) -> list[tuple[int, int, int]]:
    """(SKU, units sold, money) of SKUs that were sold and fail a check."""
    return tx.tuples(_Q.load_costly, name=name, limit=limit)


def load_blocks(tx: Transaction, sku_ids: Sequence[int] | None, largest: int) -> list[list[Member]]:
    """SKUs that share something by which they may be one (None: all; else blocks with one of these)."""
    blocks: dict[tuple[str, str], list[Member]] = {}
    given = {"everything": sku_ids is None, "sku_ids": list(sku_ids or ()), "largest": largest}
    for row in tx.tuples(_Q.load_blocks, **given):
        blocks.setdefault((row[0], row[1]), []).append(Member(*row[2:]))
    return list(blocks.values())


def record_duplicates(
    tx: Transaction, found: Mapping[tuple[int, int], tuple[int, str]], sku_ids: Sequence[int] | None
) -> None:
    """Pairs that may be one SKU, with score and reasons; other proposals (None: all; else of these SKUs) go."""
    first_ids, second_ids = [pair[0] for pair in found], [pair[1] for pair in found]
    tx.execute(
        _Q.clear_duplicates, everything=sku_ids is None, sku_ids=list(sku_ids or ()), first_ids=first_ids,
        second_ids=second_ids,
    )  # fmt: skip
    tx.execute(
        _Q.record_duplicates, first_ids=first_ids, second_ids=second_ids,
        scores=[score for score, _ in found.values()], reasons=[reasons for _, reasons in found.values()],
    )  # fmt: skip


def load_duplicates(tx: Transaction, limit: int) -> list[Duplicate]:
    """Pairs that are proposed, the likeliest first."""
    return tx.fetch(_Q.load_duplicates, Duplicate, limit=limit)


def decide_duplicate(tx: Transaction, one: int, other: int, state: str) -> None:
    """What a person said of a pair."""
    tx.execute(
        _Q.decide_duplicate, first_id=min(one, other), second_id=max(one, other), state=state, decided_by=tx.actor
    )


def load_holdings(tx: Transaction, sku_id: int) -> list[tuple[int, str, str, int]]:
    """(site, status, lot, units) that a SKU still has."""
    return tx.tuples(_Q.load_holdings, sku_id=sku_id)


def count_wanting(tx: Transaction, sku_id: int) -> int:
    """How many orders and holds have units of a SKU or wait for them."""
    return tx.value(_Q.count_wanting, sku_id=sku_id) or 0


def load_expected(tx: Transaction, sku_id: int) -> list[str]:
    """References of what suppliers are still to deliver of a SKU."""
    return tx.values(_Q.load_expected, sku_id=sku_id)


def insert_merge(tx: Transaction, *, merge_id: int, loser_id: int, survivor_id: int, note: str, data: str) -> None:
    """A merge, with what has to be put back."""
    tx.execute(
        _Q.insert_merge, merge_id=merge_id, loser_id=loser_id, survivor_id=survivor_id, actor=tx.actor, note=note,
        data=data,
    )  # fmt: skip


def find_merge(tx: Transaction, loser_id: int) -> Merge | None:
    """The merge of a SKU that stands."""
    return tx.fetch_one(_Q.find_merge, Merge, loser_id=loser_id)


def note_undone(tx: Transaction, merge_id: int) -> bool:
    """A merge was undone; False where it was before."""
    return tx.execute(_Q.note_undone, merge_id=merge_id, undone_by=tx.actor) == 1


def load_merges(tx: Transaction, limit: int) -> list[Merge]:
    """The last merges."""
    return tx.fetch(_Q.load_merges, Merge, limit=limit)
