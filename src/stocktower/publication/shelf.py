"""What channels may sell, remembered until an event touches it: every answer is true as of a position of the log.

Whatever can change an ATS is an event that names its SKUs (KINDS), written under the merchant's head row in the same
transaction. So one look at the head says whether what is remembered still holds; what the events since then touched is
forgotten, kits with their components, and read again when somebody asks for it.
"""

import threading
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from stocktower import catalog, inventory
from stocktower.network import load_network
from stocktower.platform import Transaction, load_events_after, load_head

from . import rules
from .service import KINDS
from .truths import load_touched

_NOTHING: Mapping[int, int] = {}
MOST = 500_000
"""Figures that are remembered; beyond them all is forgotten and begun anew."""
EVENTS_AT_ONCE = 5_000
"""Beyond so many events since the last look, all is forgotten: to read them costs more."""


class Offer(Struct, frozen=True):
    """ATS by code of SKU, as of a position of the event log; codes that are no SKU are missing."""

    position: int
    ats: dict[str, int]


class Shelf:
    """One merchant's; used by many threads. Only what was read at the position that is remembered is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position = -1
        self._figures: dict[str, dict[int, int]] = {}
        """Code of a SKU -> channel_id -> ATS"""
        self._codes: dict[int, str] = {}

    def look(self, tx: Transaction, channel_id: int, codes: Collection[str]) -> Offer:
        """The ATS of some SKUs and kits in one channel; `tx` must be of one view (Database.reading)."""
        head = load_head(tx)
        while head > self._position:
            self._forget(tx, head)
        found: dict[str, int] = {}
        missing: list[str] = []
        for code in codes:
            ats = self._figures.get(code, _NOTHING).get(channel_id)
            if ats is None:
                missing.append(code)
            else:
                found[code] = ats
        if missing:
            found |= self._read(tx, head, channel_id, missing)
        return Offer(head, found)

    def _read(self, tx: Transaction, head: int, channel_id: int, codes: Sequence[str]) -> dict[str, int]:
        """Read figures anew, for all channels, and remember them where they are of the position that is remembered."""
        channels = load_network(tx).channels
        ids = {code: sku.sku_id for code, sku in catalog.find_skus(tx, codes).items()}
        availability = inventory.load_availability(tx, ids.values(), load_network(tx))
        figures = {
            code: {channel: availability.ats(sku_id, channel) for channel in channels} for code, sku_id in ids.items()
        }
        with self._lock:
            if self._position == head:
                if (len(self._figures) + len(figures)) * len(channels) > MOST:
                    self._clear()
                self._figures |= figures
                self._codes |= {sku_id: code for code, sku_id in ids.items()}
        return {code: of_sku.get(channel_id, 0) for code, of_sku in figures.items()}

    def _forget(self, tx: Transaction, head: int) -> None:
        """Forget what the events up to the head have touched, unless another thread does it meanwhile."""
        position = self._position
        if position < 0 or head - position > EVENTS_AT_ONCE:
            touched = {rules.ALL_SKUS}
        else:
            events, _ = load_events_after(tx, position, EVENTS_AT_ONCE, KINDS)
            touched = {sku_id for one in events for sku_id in rules.changed_skus(one.kind, one.subject_id, one.data)}
            if touched and rules.ALL_SKUS not in touched:
                touched = load_touched(tx, touched)
        with self._lock:
            if self._position != position:
                return
            if rules.ALL_SKUS in touched:
                self._clear()
            for sku_id in touched:
                self._figures.pop(self._codes.pop(sku_id, ""), None)
            self._position = head

    def _clear(self) -> None:
        self._figures, self._codes = {}, {}
