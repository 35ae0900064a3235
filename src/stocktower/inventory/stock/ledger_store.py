"""One function per statement that reads the ledgers back: as of an instant, as a history, in batches, as the proof."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stocktower.platform import Transaction, load_queries

from ..formulas.model import StockRow

_SQL = load_queries(__package__)


def load_rows_at(
    tx: Transaction, sku_ids: Sequence[int], instants: Sequence[datetime]
) -> list[tuple[datetime, StockRow]]:
    """Stock rows of some SKUs as they were known at some instants, each with its instant."""
    found = tx.tuples(_SQL.load_rows_at, sku_ids=list(sku_ids), instants=list(instants))
    return [(at, StockRow(*row)) for at, *row in found]


def load_late_news(tx: Transaction, stock_ids: Sequence[int], at: datetime) -> list[tuple[int, int, int]]:
    """(stock_id, units, allocated units) by which rows were other than was known at an instant."""
    return tx.tuples(_SQL.load_late_news, stock_ids=list(stock_ids), at=at)


def load_waiting_at(
    tx: Transaction, sku_ids: Sequence[int], channel_ids: Sequence[int], instants: Sequence[datetime]
) -> list[tuple[datetime, int, int, int]]:
    """(instant, sku_id, channel_id, units) that waited at some instants."""
    return tx.tuples(
        _SQL.load_waiting_at, sku_ids=list(sku_ids), channel_ids=list(channel_ids), instants=list(instants)
    )


def load_change_instants(
    tx: Transaction, stock_ids: Sequence[int], after: datetime, until: datetime, limit: int
) -> list[datetime]:
    """When something was recorded of some rows, the newest first."""
    return tx.values(_SQL.load_change_instants, stock_ids=list(stock_ids), after=after, until=until, limit=limit)


def load_waiting_orders_at(
    tx: Transaction, sku_id: int, at: datetime
) -> list[tuple[int, int, int, int, datetime, int]]:
    """(order_id, line_no, channel_id, units, since, last sequence) of who waited for a SKU at an instant."""
    return tx.tuples(_SQL.load_waiting_orders_at, sku_id=sku_id, at=at)


def load_moves_at(tx: Transaction, stock_ids: Sequence[int], at: datetime) -> list[tuple[Any, ...]]:
    """Moves of some rows that happened at an instant, as entries of a history."""
    return tx.tuples(_SQL.load_moves_at, stock_ids=list(stock_ids), at=at)


def load_moves_of(
    tx: Transaction, stock_ids: Sequence[int], reference: str, reference_id: int, since: datetime
) -> list[tuple[Any, ...]]:
    """The moves of some rows that one thing made, since an instant, as entries of a history."""
    return tx.tuples(
        _SQL.load_moves_of, stock_ids=list(stock_ids), reference=reference, reference_id=reference_id, since=since
    )


def load_held_by_holds_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> dict[int, int]:
    """Stock row -> units that holds had of it at an instant, of the rows of some SKUs."""
    return dict(tx.tuples(_SQL.load_held_by_holds_at, sku_ids=list(sku_ids), at=at)) if sku_ids else {}


def load_holders_at(
    tx: Transaction, stock_ids: Sequence[int], at: datetime
) -> list[tuple[int, int, int, int, datetime, str, int]]:
    """(order_id, line_no, stock_id, units, since, kind, last sequence) of who had units of some rows at an instant."""
    return tx.tuples(_SQL.load_holders_at, stock_ids=list(stock_ids), at=at)


def load_last_moves_at(tx: Transaction, stock_ids: Sequence[int], at: datetime) -> list[tuple[int, int, str]]:
    """(stock_id, sequence, reason) of the last move of some rows by an instant."""
    return tx.tuples(_SQL.load_last_moves_at, stock_ids=list(stock_ids), at=at)


def load_history(
    tx: Transaction, stock_ids: Sequence[int], at: datetime, stock_id: int, sequence: int, limit: int
) -> list[tuple[Any, ...]]:
    """Entries of some rows in both ledgers before (at, stock_id, sequence), the newest first."""
    return tx.tuples(
        _SQL.load_history, stock_ids=list(stock_ids), at=at, stock_id=stock_id, sequence=sequence, limit=limit
    )


def load_skus_of_statuses(tx: Transaction, statuses: Sequence[str]) -> list[int]:
    """The SKUs that have rows in statuses other than available."""
    return tx.values(_SQL.load_skus_of_statuses, statuses=list(statuses))


def load_skus_of_owners(tx: Transaction, owners: Sequence[str]) -> list[int]:
    """The SKUs that have rows of owners other than us."""
    return tx.values(_SQL.load_skus_of_owners, owners=list(owners))


def load_skus_of_lots(tx: Transaction, lots: Sequence[str]) -> list[int]:
    """The SKUs that have one of some lots."""
    return tx.values(_SQL.load_skus_of_lots, lots=list(lots))


def load_skus_expiring(tx: Transaction, until: datetime) -> list[int]:
    """The SKUs that have a lot which expires before an instant."""
    return tx.values(_SQL.load_skus_expiring, until=until)


def load_rows_by_figure(tx: Transaction, **wanted: Any) -> list[tuple[int, int]]:
    """(value, stock_id) of rows by a figure, after a place."""
    return tx.tuples(_SQL.load_rows_by_figure, **wanted)


def load_move_batch(
    tx: Transaction, stock_id: int, sequence: int, until: datetime, limit: int
) -> list[tuple[Any, ...]]:
    """Moves recorded by an instant after (stock_id, sequence), in this order."""
    return tx.tuples(_SQL.load_move_batch, stock_id=stock_id, sequence=sequence, until=until, limit=limit)


def load_reservation_batch(
    tx: Transaction, stock_id: int, sequence: int, until: datetime, limit: int
) -> list[tuple[Any, ...]]:
    """Reservations recorded by an instant after (stock_id, sequence), in this order."""
    return tx.tuples(_SQL.load_reservation_batch, stock_id=stock_id, sequence=sequence, until=until, limit=limit)


def count_projections(tx: Transaction) -> tuple[int, int, int]:
    """Rows of stock, demand and inbound."""
    return tx.tuples(_SQL.count_projections)[0]  # pyright: ignore[reportReturnType] -- three counts


def find_unlike_demand(tx: Transaction) -> list[tuple[int, ...]]:
    """(order, line, SKU, wanted, allocated, short, consumed, cancelled, taken, lacks, shipped) where they differ."""
    return tx.tuples(_SQL.find_unlike_demand)


def restore_demand(tx: Transaction, truths: Sequence[tuple[int, ...]]) -> None:
    """Set (order, line, SKU) to (allocated, short, consumed, cancelled)."""
    columns = [list(column) for column in zip(*truths, strict=True)]
    names = ("order_ids", "line_nos", "sku_ids", "allocateds", "shorts", "consumeds", "cancelleds")
    tx.execute(_SQL.restore_demand, **dict(zip(names, columns, strict=True)))


def find_unlike_inbound(tx: Transaction) -> list[tuple[int, ...]]:
    """(id, figures and version, those of the last word) where they differ."""
    return tx.tuples(_SQL.find_unlike_inbound)


def load_skus_of_inbound(tx: Transaction, inbound_ids: Sequence[int]) -> list[int]:
    """The SKUs that some inbound is of."""
    return tx.values(_SQL.load_skus_of_inbound, inbound_ids=list(inbound_ids))


def restore_inbound(tx: Transaction, truths: Sequence[tuple[int, ...]]) -> None:
    """Set inbound (id) to (expected, received, cancelled, open, excess, version)."""
    columns = [list(column) for column in zip(*truths, strict=True)]
    names = ("inbound_ids", "expecteds", "receiveds", "cancelleds", "opens", "excesses", "versions")
    tx.execute(_SQL.restore_inbound, **dict(zip(names, columns, strict=True)))
