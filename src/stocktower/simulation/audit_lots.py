"""What the auditor expects of lots: none is sold past its day or while it is recalled, and the first to expire goes
first; who has units of a recalled one is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct, field

from stocktower.exchange import ReceiptDocument, StockDocument

from .deeds import Cart, Deed, Done, Recall, RecallEnded
from .lots import FAR, day_of
from .merchant import Shop
from .seen import SeenStock
from .warehouse import AVAILABLE

LotKey = tuple[str, str]
"""(SKU, lot)"""
UNKNOWN = "?"
"""The lot of units of which a channel said that they left, before their site could say which."""


class LotsModel(Struct):
    """All lots, as far as anybody has said."""

    last_days: dict[LotKey, date] = field(default_factory=dict[LotKey, date])
    recalled: set[LotKey] = field(default_factory=set[LotKey])
    shipped: dict[LotKey, set[tuple[str, str]]] = field(default_factory=dict[LotKey, set[tuple[str, str]]])
    """Orders as (channel, reference) that got units of a lot."""
    found: list[str] = field(default_factory=list[str])
    """What was wrong in answers."""

    def learn(self, document: StockDocument | ReceiptDocument) -> None:
        """A document may say when lots expire."""
        for line in document.lines:
            if line.lot and line.expires_on:
                self.last_days[line.sku, line.lot] = line.expires_on

    def ship(self, sku: str, lot: str, order: tuple[str, str]) -> None:
        """A site says which lot an order got."""
        self.shipped.setdefault((sku, lot), set()).add(order)

    def hear(self, deed: Deed, done: Done, shops: Mapping[str, Shop], now: datetime) -> None:
        """Somebody did something with a lot, or put some of it into a cart."""
        if isinstance(deed, Recall) and done.state in ("held", "already"):
            key = (deed.sku, deed.lot)
            self.recalled.add(key)
            is_sure = not self.shipped.get((deed.sku, UNKNOWN))
            if done.state == "held" and is_sure and set(done.shipped) != self.shipped.get(key, set()):
                self.found.append(f"{key}: recalled from {done.shipped}, {self.shipped.get(key)} have it")
        elif isinstance(deed, RecallEnded) and done.state in ("open", "already"):
            self.recalled.discard((deed.sku, deed.lot))
        elif isinstance(deed, Cart) and done.state == "held":
            least = shops[deed.shop].min_shelf_life_days
            self.found += self._check_first(done.before, done.after, least, now)

    def _check_first(
        self, before: Sequence[SeenStock], after: Sequence[SeenStock], least_days: int, now: datetime
    ) -> Iterable[str]:
        """What one cart took of lots: none that it may not have, and at each site the first to expire first."""
        was = {(row.site, row.sku, row.lot): row for row in before if row.lot and row.status == AVAILABLE}
        taken = {
            (row.site, row.sku, row.lot): row.allocated - was[row.site, row.sku, row.lot].allocated
            for row in after
            if (row.site, row.sku, row.lot) in was and row.status == AVAILABLE
        }
        for (site, sku, lot), units in taken.items():
            if not units:
                continue
            if not self.keeps(sku, lot, least_days, now):
                yield f"{site} {sku}: {units} of lot {lot} were given to who may not have it"
            for (at, of, other), row in was.items():
                earlier = self.last_days.get((of, other), FAR) < self.last_days.get((sku, lot), FAR)
                left = row.quantity - row.allocated - taken.get((at, of, other), 0)
                if (at, of) == (site, sku) and earlier and left and self.keeps(of, other, least_days, now):
                    yield f"{site} {sku}: {units} of lot {lot} were given, {left} of {other} expire before"

    def keeps(self, sku: str, lot: str, least_days: int, now: datetime) -> bool:
        """Whether a lot may be sold to who wants it to last so many days."""
        last = self.last_days.get((sku, lot), FAR)
        return (sku, lot) not in self.recalled and last >= day_of(now) + timedelta(days=least_days)

    def compare(self, stock: Iterable[SeenStock], asked: Mapping[tuple[str, str], int], now: datetime) -> Iterable[str]:
        """Nothing is free of what may not be sold, nor allocated beyond what sites have in hand (`asked`)."""
        yield from self.found
        for row in stock:
            if not row.lot:
                continue
            is_expired = self.last_days.get((row.sku, row.lot), FAR) < day_of(now)
            if is_expired and row.status == AVAILABLE and row.quantity > row.allocated:
                yield f"{row.site} {row.sku}: lot {row.lot} has expired and {row.quantity - row.allocated} are for sale"
            most = asked.get((row.site, row.sku), 0)
            if (is_expired or (row.sku, row.lot) in self.recalled) and row.allocated > most:
                yield f"{row.site} {row.sku}: {row.allocated} of lot {row.lot} are promised, sites have {most} in hand"
