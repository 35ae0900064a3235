"""What channels may sell, remembered until an event touches it: every answer is true as of a position of the log.

Whatever can change an ATS is an event that names its SKUs (KINDS), written under the merchant's head row in the same
transaction. So one look at the head says whether what is remembered still holds; what the events since then touched is
forgotten, kits with their components, and read again when somebody asks for it.
"""

import threading
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from stocktower import catalog, inventory
from stocktower.network import Network, load_network
from stocktower.platform import Transaction, load_events_after, load_head

from . import rules
from .service import KINDS
from .truths import load_touched

MOST = 500_000
"""Figures that are remembered; beyond them all is forgotten and begun anew."""
EVENTS_AT_ONCE = 5_000
"""Beyond so many events since the last look, all is forgotten: to read them costs more."""


class Asked(Struct, frozen=True):
    """A channel, and the codes of the SKUs and kits that it is asked of."""

    channel: str
    codes: Sequence[str]


class Offer(Struct, frozen=True):
    """ATS by code of SKU, as of a position of the event log; codes that are no SKU are missing."""

    position: int
    ats: dict[str, int]


class NoChannel(Exception):
    """What was asked of is no channel."""

    def __init__(self, code: str, known: Collection[str]) -> None:
        super().__init__(f"{code} is not a channel; those there are: {', '.join(sorted(known))}")
        self.code = code
        self.known = known


class Shelf:
    """One merchant's; used by many threads. Only what was read at the position that is remembered is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position = -1
        self._network: Network | None = None
        """None: what is applied has to be read again."""
        self._figures: dict[str, dict[int, int]] = {}
        """Code of a SKU -> channel_id -> ATS"""
        self._ids: dict[str, int] = {}
        """Code of a SKU -> sku_id, until an event is about the SKU itself."""
        self._codes: dict[int, str] = {}
        """The same the other way round."""

    def look(self, tx: Transaction, asked: Sequence[Asked]) -> list[Offer | NoChannel]:
        """The ATS of SKUs and kits in channels, for all who ask together; `tx` must be of one view (Database.reading).

        Where all of it is remembered this is one look at the head.
        """
        head = load_head(tx)
        while head > self._position:
            self._forget(tx, head)
        network = self._network or self._read_network(tx, head)
        remembered = self._figures
        figures = {code: remembered.get(code) for one in asked for code in one.codes}
        missing = [code for code, of_sku in figures.items() if of_sku is None]
        if missing:
            figures |= self._read(tx, head, network, missing)
        return [_offer(head, one, network, figures) for one in asked]

    def _read_network(self, tx: Transaction, head: int) -> Network:
        network = load_network(tx)
        with self._lock:
            if self._position == head:
                self._network = network
        return network

    def _read(self, tx: Transaction, head: int, network: Network, codes: Collection[str]) -> dict[str, dict[int, int]]:
        """Read figures anew, for all channels, and remember them where they are of the position that is remembered."""
        known = self._ids
        ids = {code: sku_id for code in codes if (sku_id := known.get(code)) is not None}
        if len(ids) < len(codes):
            ids |= {code: sku.sku_id for code, sku in catalog.find_skus(tx, set(codes) - set(ids)).items()}
        availability = inventory.load_availability(tx, ids.values(), network)
        figures = {
            code: {channel: availability.ats(sku_id, channel) for channel in network.channels}
            for code, sku_id in ids.items()
        }
        with self._lock:
            if self._position == head:
                if (len(self._figures) + len(figures)) * len(network.channels) > MOST:
                    self._clear()
                self._figures |= figures
                self._ids |= ids
                self._codes |= {sku_id: code for code, sku_id in ids.items()}
        return figures

    def _forget(self, tx: Transaction, head: int) -> None:
        """Forget what the events up to the head have touched, unless another thread does it meanwhile."""
        position = self._position
        about_skus: set[int] = set()
        if position < 0 or head - position > EVENTS_AT_ONCE:
            touched = {rules.ALL_SKUS}
        else:
            events, _ = load_events_after(tx, position, EVENTS_AT_ONCE, KINDS, head=head)
            touched = {sku_id for one in events for sku_id in rules.changed_skus(one.kind, one.subject_id, one.data)}
            about_skus = {one.subject_id for one in events if one.kind.startswith("sku.")}
            if touched and rules.ALL_SKUS not in touched:
                touched = load_touched(tx, touched)
        with self._lock:
            if self._position != position:
                return
            if rules.ALL_SKUS in touched:
                self._network = None
                self._clear()
            for sku_id in touched:
                self._figures.pop(self._codes.get(sku_id, ""), None)
            for sku_id in about_skus:
                self._ids.pop(self._codes.pop(sku_id, ""), None)
            self._position = head

    def _clear(self) -> None:
        self._figures, self._ids, self._codes = {}, {}, {}


def _offer(
    head: int, asked: Asked, network: Network, figures: Mapping[str, dict[int, int] | None]
) -> Offer | NoChannel:
    channel_id = network.channel_ids.get(asked.channel)
    if channel_id is None:
        return NoChannel(asked.channel, network.channel_ids)
    return Offer(head, {code: found.get(channel_id, 0) for code in asked.codes if (found := figures[code]) is not None})
