"""The listings that a command touches, as they stood and as they stand; what changed is written once, at its end."""

from collections.abc import Iterable
from datetime import datetime

from stocktower.platform import Transaction

from . import rules, store
from .model import Standing, Stretch, Truth
from .store import Key
from .truths import Desk

_Before = tuple[object, ...]


class Board:
    """How listings stand, by channel and listing; who changes them holds the room's lock."""

    def __init__(self, standings: Iterable[Standing] = ()) -> None:
        self.standings: dict[Key, Standing] = {}
        self._before: dict[Key, tuple[int, str, int, int, int | None, datetime]] = {}
        self._known: dict[Key, _Before] = {}
        self.add(standings)

    def add(self, standings: Iterable[Standing]) -> None:
        """Listings as they stand in the database; those that are here already stay as they are."""
        for item in standings:
            key = (item.channel_id, item.listing)
            if key not in self.standings:
                self.standings[key] = item
                self._before[key] = (
                    item.sku_id, item.exposure, item.shown, item.most, item.acknowledged, item.since,
                )  # fmt: skip
                self._known[key] = (
                    item.sku_id, item.pack_quantity, item.ats, item.shown, item.most, item.listed, item.told_at,
                    item.publication_id, item.acknowledged, item.word_at, item.word_id, item.exposure,
                )  # fmt: skip

    def state(self, truth: Truth, now: datetime) -> Standing | None:
        """Note what is true of a listing; None where it is neither sold nor known."""
        key = (truth.channel_id, truth.listing)
        item = self.standings.get(key)
        if item is None:
            if not truth.listed:
                return None
            item = self.standings[key] = Standing(
                truth.channel_id, truth.listing, truth.sku_id, truth.pack_quantity, truth.ats, truth.shown, truth.most,
                truth.listed, None, None, None, None, None, None, "", now,
            )  # fmt: skip
            return item
        item.sku_id, item.pack_quantity, item.ats = truth.sku_id, truth.pack_quantity, truth.ats
        item.shown, item.most, item.listed = truth.shown, truth.most, truth.listed
        return item

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
            sku_id, exposure, shown, most, acknowledged, since = before
            if (exposure, shown, most, acknowledged) != (item.exposure, item.shown, item.most, item.acknowledged):
                if now > since:
                    stretches.append(
                        Stretch(item.channel_id, item.listing, since, now, sku_id, exposure, shown, most, acknowledged)
                    )
                    item.since = now
                changed.append(item)
            elif self._known[key] != (
                item.sku_id, item.pack_quantity, item.ats, item.shown, item.most, item.listed, item.told_at,
                item.publication_id, item.acknowledged, item.word_at, item.word_id, item.exposure,
            ):  # fmt: skip
                changed.append(item)
        store.record_stretches(tx, stretches)
        store.insert_standings(tx, fresh)
        store.change_standings(tx, changed)
