"""What the auditor expects of bins: what was counted and put into each, less what is named as taken out of it.

What leaves a row without a word on its bins may leave any of them: so there is a most of each bin, and a least of all
of them together. When everything is counted and nothing is under way, both are what was counted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field

from stocktower.exchange import ReceiptDocument, StockDocument

from .audit_stock import Key, StockModel, key_of
from .merchant import Merchant
from .seen import SeenBin
from .warehouse import AVAILABLE

PICKED = "picked"
"""The place of what was taken out of bins and has not left."""


class Fetched(Struct, frozen=True):
    """Units that a site has picked for a request, some of them out of bins that it names."""

    fulfillment_id: int
    site: str
    sku: str
    units: int
    bins: dict[str, int]
    """Empty where it named some of them only."""
    occurred_at: datetime


class Rack(Struct):
    """The bins of a SKU at a site."""

    counted_at: datetime | None = None
    counted: int = 0
    """In all bins."""
    most: dict[str, int] = field(default_factory=dict[str, int])
    """Bin -> what may lie there."""
    put: list[tuple[datetime, str, int]] = field(default_factory=list[tuple[datetime, str, int]])
    """(when, bin, units) of all that was ever put away."""

    def put_since(self) -> list[tuple[str, int]]:
        """What was put away after the count."""
        return [(code, units) for at, code, units in self.put if self.counted_at is None or at > self.counted_at]


class BinsModel(Struct):
    """All bins of the sites that keep any; goods that are tracked by lot lie in none."""

    merchant: Merchant
    racks: dict[tuple[str, str], Rack] = field(default_factory=dict[tuple[str, str], Rack])
    fetched: Counter[tuple[int, str, str]] = field(default_factory=Counter[tuple[int, str, str]])
    """(request, site, SKU) -> units at packing, at most."""

    def _rack(self, site: str, sku: str) -> Rack:
        return self.racks.setdefault((site, sku), Rack())

    def count(self, document: StockDocument, applied: Collection[Key], now: datetime) -> None:
        """Take a count of the bins of the shelves that it was applied to."""
        if not self.merchant.place(document.site).bins:
            return
        for site, sku, status, lot in applied:
            if status != AVAILABLE or lot:
                continue
            rack = self._rack(site, sku)
            rack.counted_at, rack.most, rack.counted = min(document.as_of or now, now), {}, 0
            for line in document.lines:
                if line.sku == sku and line.status == AVAILABLE and line.bin:
                    rack.most[line.bin] = rack.most.get(line.bin, 0) + line.quantity
                    rack.counted += line.quantity
            for code, units in rack.put_since():
                rack.most[code] = rack.most.get(code, 0) + units

    def receive(self, document: ReceiptDocument) -> None:
        """What came was put into the bin that is named."""
        at = document.received_at
        assert at is not None
        for line in document.lines:
            if line.bin:
                rack = self._rack(document.site, line.sku)
                rack.put.append((at, line.bin, line.quantity))
                if rack.counted_at is None or at > rack.counted_at:
                    rack.most[line.bin] = rack.most.get(line.bin, 0) + line.quantity

    def fetch(self, one: Fetched) -> None:
        """What was picked left the bin that is named, as far as it lay there."""
        self.fetched[one.fulfillment_id, one.site, one.sku] += one.units
        rack = self._rack(one.site, one.sku)
        if rack.counted_at is None or one.occurred_at > rack.counted_at:
            for code, units in one.bins.items():
                rack.most[code] = max(0, rack.most.get(code, 0) - units)

    def ship(self, fulfillment_id: int, site: str, sku: str, units: int) -> None:
        """What was picked leaves the site before anything else does."""
        key = (fulfillment_id, site, sku)
        self.fetched[key] = max(0, self.fetched[key] - units)

    def compare(self, seen: Sequence[SeenBin], stock: StockModel, *, end: bool = False) -> Iterable[str]:
        """Where the tower differs, in words; at the end every bin is what it may be at most."""
        there: dict[tuple[str, str], dict[str, int]] = {}
        for one in seen:
            there.setdefault((one.site, one.sku), {})[one.bin] = one.units
        at_packing = Counter[tuple[str, str]]()
        for (_, site, sku), units in self.fetched.items():
            at_packing[site, sku] += units
        for site, sku in sorted({*there, *self.racks}):
            bins, rack = there.get((site, sku), {}), self.racks.get((site, sku), Rack())
            most = {**rack.most, PICKED: at_packing[site, sku]}
            for code in sorted({*bins, *rack.most}):
                units = bins.get(code, 0)
                if units > most.get(code, 0) or (end and code != PICKED and units < most.get(code, 0)):
                    yield f"{site} {sku}: {most.get(code, 0)} should lie in {code}, the tower says {units}"
            least = self._least(rack, stock, site, sku)
            if sum(bins.values()) < least:
                yield f"{site} {sku}: {least} should lie in bins at least, the tower says {sum(bins.values())}"

    def _least(self, rack: Rack, stock: StockModel, site: str, sku: str) -> int:
        """What was counted and put away, if all that has left since was in bins."""
        shelf = stock.shelf(key_of(site, sku, AVAILABLE))
        at = rack.counted_at
        left = sum(max(0, one.units) for one in shelf.gone if at is None or one.occurred_at > at)
        return rack.counted + sum(units for _, units in rack.put_since()) - left - shelf.doubtful()
