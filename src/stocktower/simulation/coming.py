"""What suppliers promise to bring: dates and quantities that move, and deliveries that keep to them or do not."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct, field

from stocktower.exchange import InboundDocument, InboundLine, ReceiptDocument, ReceiptLine

from .letters import Post, inbound_letter, receipt_letter
from .merchant import Merchant
from .warehouse import Warehouse


class Purchase(Struct):
    """Units of a SKU that are ordered and have not all come."""

    reference: str
    site: str
    sku: str
    units: int
    expected_at: datetime
    came: int = 0


class Coming(Struct):
    """All suppliers."""

    random: Random
    merchant: Merchant
    warehouse: Warehouse
    post: Post
    tick: Callable[[], datetime]
    open: list[Purchase] = field(default_factory=list[Purchase])
    count: int = 0

    def act(self, step: int, known: Collection[str]) -> None:
        """Something is ordered, something is said anew of what is ordered, something comes."""
        skus = [sku for sku in self.merchant.preorders if sku in known]
        if skus and self.random.random() < 0.6:
            self._order(step, self.random.choice(skus))
        for one in list(self.open):
            way = self.random.random()
            if way < 0.2:
                self._move(step, one)
            elif way < 0.3:
                self._bring(step, one, self.random.choice((1, one.units, one.units, one.units + 1)))

    def finish(self, step: int) -> None:
        """Everything that is ordered comes."""
        for one in list(self.open):
            self._bring(step, one, one.units)

    def _order(self, step: int, sku: str) -> None:
        place = self.random.choice([place for place in self.merchant.places if place.is_ours])
        self.count += 1
        hours = self.random.choice((6, 30, 80, 200, 200))
        units = self.random.choice((4, 10, 30))
        one = Purchase(f"P{self.count}", place.code, sku, units, self.tick() + timedelta(hours=hours))
        self.open.append(one)
        self._say(step, one)

    def _move(self, step: int, one: Purchase) -> None:
        """It comes later or sooner than was said, or more or less of it."""
        if self.random.random() < 0.7:
            one.expected_at += timedelta(hours=self.random.choice((-24, 24, 48)))
        else:
            one.units = max(1, one.units + self.random.choice((-3, 2)))
        self._say(step, one)

    def _say(self, step: int, one: Purchase) -> None:
        line = InboundLine(one.sku, one.units, one.expected_at)
        self.post.send(inbound_letter(InboundDocument(one.reference, one.site, (line,), supplier="Mill")), step)

    def _bring(self, step: int, one: Purchase, units: int) -> None:
        """A delivery under the number of the purchase; the last when nothing is left of it."""
        units = max(1, units - one.came) if units >= one.units else units
        at = self.tick()
        self.warehouse.put(one.site, one.sku, units)
        one.came += units
        self.count += 1
        cost = self.random.choice(self.merchant.good(one.sku).costs)
        line = ReceiptLine(one.sku, units, cost_minor=cost)
        document = ReceiptDocument(f"D{self.count}", one.site, (line,), one.reference, at)
        self.post.send(receipt_letter(document), step)
        if one.came >= one.units:
            self.open.remove(one)
