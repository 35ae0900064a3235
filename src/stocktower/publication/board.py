"""The listings that a command touches, as they stood and as they stand; what changed is written once, at its end."""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime

from stocktower.platform import Transaction

from . import rules, store
from .model import Standing, Stretch, Truth
from .store import Key
from .truths import Desk


class Board:
    """How listings stand, by channel and listing; who changes them holds the room's lock."""

    def __init__(self, standings: Iterable[Standing] = ()) -> None:
        self.standings: dict[Key, Standing] = {}
        self._before: dict[Key, Standing] = {}
        """As they stand in the database."""
        self.add(standings)

    def add(self, standings: Iterable[Standing]) -> None:
        """Listings as they stand in the database; those that are here already stay as they are."""
        for item in standings:
            key = (item.channel_id, item.listing)
            if key not in self.standings:
                self.standings[key] = item
                self._before[key] = copy(item)

    def state(self, truths: Mapping[Key, Truth], now: datetime) -> dict[Key, int]:
        """Note what is true of listings; gives the value of a pack of each that is sold or known, minor units."""
        values: dict[Key, int] = {}
        standings = self.standings
        for key, truth in truths.items():
            item = standings.get(key)
            if item is not None:
                item.sku_id, item.pack_quantity, item.ats = truth.sku_id, truth.pack_quantity, truth.ats
                item.shown, item.most, item.listed = truth.shown, truth.most, truth.listed
            elif truth.listed:
                standings[key] = Standing(
                    truth.channel_id, truth.listing, truth.sku_id, truth.pack_quantity, truth.ats, truth.shown,
                    truth.most, truth.listed, None, None, None, None, None, None, "", now,
                )  # fmt: skip
            else:
                continue
            values[key] = truth.value_minor
        return values

    def write(self, tx: Transaction, desk: Desk) -> None:
        """Judge what stands, close the stretches that are over, and write what changed."""
        now = tx.now
        stretches: list[Stretch] = []
        fresh: list[Standing] = []
        changed: list[Standing] = []
        thresholds, velocities = desk.policies.thresholds, desk.velocities
        slow = thresholds["slow"]
        for key, item in self.standings.items():
            sold = velocities.get((item.channel_id, item.sku_id))
            item.exposure = rules.judge(item, slow if sold is None else thresholds[sold.velocity])
            before = self._before.get(key)
            if before is None:
                fresh.append(item)
                continue
            if item == before:
                continue
            changed.append(item)
            if now > before.since and _stood(item) != _stood(before):
                stretches.append(
                    Stretch(
                        item.channel_id, item.listing, before.since, now, before.sku_id, before.exposure, before.shown,
                        before.most, before.acknowledged,
                    )
                )  # fmt: skip
                item.since = now
        store.record_stretches(tx, stretches)
        store.insert_standings(tx, fresh)
        store.change_standings(tx, changed)


def _stood(item: Standing) -> tuple[str, int, int, int | None]:
    """What a stretch of time is told by."""
    return item.exposure, item.shown, item.most, item.acknowledged
