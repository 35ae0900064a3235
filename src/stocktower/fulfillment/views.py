"""Read models of requests: what each site still has to do."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from . import store
from .model import Request


class OpenRequests(Struct, frozen=True):
    """The open requests of one site in one state."""

    site_id: int
    state: str
    requests: int
    units: int
    first_released_at: datetime
    first_acknowledge_by_at: datetime


def count_open(tx: Transaction) -> list[OpenRequests]:
    """The open requests by site and state."""
    return [OpenRequests(*row) for row in store.count_open(tx)]  # pyright: ignore[reportArgumentType]  # as selected


def load_open_at_site(tx: Transaction, site_id: int, *, limit: int = 100) -> Sequence[Request]:
    """What a site still has to ship, the first released first."""
    return store.load_open_at_site(tx, site_id, limit)


def load_short_picks(tx: Transaction, site_id: int, since: datetime) -> dict[int, datetime]:
    """What a site did not find after an instant: SKU as it was sold -> when, the last time."""
    return store.load_short_picks(tx, site_id, since)
