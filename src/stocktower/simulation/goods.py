"""Goods that move without being sold: deliveries, finds, and transfers from one site to another."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random

from msgspec import Struct, field

from stocktower.exchange import AdjustmentDocument, ReceiptDocument, ReceiptLine, TransferDocument, TransferLine

from .letters import Post, adjustment_letter, receipt_letter, transfer_letter
from .lots import Lots
from .merchant import Merchant, Place
from .warehouse import AVAILABLE, DAMAGED, Warehouse

FOUND = "found"


class Moving(Struct):
    """A transfer that is under way."""

    reference: str
    origin: str
    destination: str
    sku: str
    units: int
    lot: str = ""
    shipped: int = 0
    state: str = "ordered"


class Goods(Struct):
    """Suppliers, and people who carry goods between sites."""

    random: Random
    merchant: Merchant
    warehouse: Warehouse
    post: Post
    tick: Callable[[], datetime]
    moving: list[Moving] = field(default_factory=list[Moving])
    count: int = 0

    @property
    def lots(self) -> Lots:
        """Those at the sites."""
        return self.warehouse.lots

    def act(self, step: int, skus: Sequence[str], free: Mapping[tuple[str, str], int]) -> None:
        """One step: what is under way goes on, something comes, something new is sent."""
        self._carry_on(step)
        for place in self.merchant.places:
            if skus and self.random.random() < 0.15:
                self._deliver(step, place, self.random.choice(list(skus)))
            if skus and self.random.random() < 0.05:
                self._find(step, place, self.random.choice(list(skus)))
        if self.random.random() < 0.35:
            self._order(step, skus, free)

    def finish(self, step: int) -> None:
        """Everything that is under way goes one step further."""
        self._carry_on(step, surely=True)

    def _name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def _deliver(self, step: int, place: Place, sku: str) -> None:
        """A supplier brings goods; the paper may come late, and twice."""
        units, damaged = self.random.choice((1, 4, 12)), self.random.choice((0, 0, 0, 2))
        cost = self.random.choice(self.merchant.good(sku).costs)
        at = self.tick()
        if self.merchant.good(sku).by_lot:
            lot = self.lots.some(place, sku)
            self.lots.put(place.code, sku, lot, units)
            last = self.lots.expires_on[sku, lot]
            line = ReceiptLine(sku, units, damaged, lot=lot, expires_on=last, cost_minor=cost)
        else:
            code = self.warehouse.put_away(place.code, sku, units)
            if damaged:
                self.warehouse.put(place.code, sku, damaged, DAMAGED)
            line = ReceiptLine(sku, units, damaged, cost_minor=cost, bin=code)
        document = ReceiptDocument(self._name("R"), place.code, (line,), received_at=at)
        self.post.send(receipt_letter(document), step)

    def _find(self, step: int, place: Place, sku: str) -> None:
        """Somebody finds units behind a shelf, of a lot that was there already where it has any."""
        lots = self.lots.at(place.code, sku)
        if self.merchant.good(sku).by_lot and not lots:
            return
        units, at = self.random.randint(1, 3), self.tick()
        lot = self.random.choice(lots) if lots else ""
        self._put(place.code, sku, lot, units)
        cost = self.random.choice(self.merchant.good(sku).costs)
        document = AdjustmentDocument(
            self._name("A"), place.code, sku, units, FOUND, lot=lot, cost_minor=cost, occurred_at=at
        )
        self.post.send(adjustment_letter(document), step)

    def _order(self, step: int, skus: Sequence[str], free: Mapping[tuple[str, str], int]) -> None:
        """A transfer between two of our sites of one entity, of what is free; it is ordered at once."""
        ours = [place for place in self.merchant.places if place.is_ours]
        pairs = [(a, b) for a in ours for b in ours if a.code != b.code and a.entity == b.entity]
        if not pairs:
            return
        origin, destination = self.random.choice(pairs)
        able = [sku for sku in skus if free.get((origin.code, sku), 0) > 0]
        if not able:
            return
        sku = self.random.choice(able)
        most, lot = free[origin.code, sku], ""
        if self.merchant.good(sku).by_lot:
            there = [(lot, units) for lot, units in self.lots.usable(origin.code, sku, self.tick()).items() if units]
            if not there:
                return
            lot, units = self.random.choice(there)
            most = min(most, units)
        one = Moving(self._name("T"), origin.code, destination.code, sku, self.random.randint(1, most), lot)
        self.moving.append(one)
        self._say(step, one, "ordered", one.units)

    def _there(self, one: Moving) -> int:
        """What could leave of a transfer's goods: no lot that has expired or is recalled."""
        if one.lot:
            return self.lots.usable(one.origin, one.sku, self.tick()).get(one.lot, 0)
        return self.warehouse.shelves.get((one.origin, one.sku, AVAILABLE), 0)

    def _put(self, site: str, sku: str, lot: str, units: int) -> None:
        """Units come to a shelf, or leave it."""
        if lot:
            self.lots.put(site, sku, lot, units)
        else:
            self.warehouse.put(site, sku, units)

    def _say(self, step: int, one: Moving, name: str, units: int) -> None:
        lines = (TransferLine(one.sku, units, lot=one.lot),) if units else ()
        document = TransferDocument(one.reference, name, lines, one.origin, one.destination, self.tick())
        self.post.send(transfer_letter(document), step, prompt=True)

    def _carry_on(self, step: int, *, surely: bool = False) -> None:
        for one in list(self.moving):
            if surely or self.random.random() < 0.4:
                self._next(step, one)

    def _next(self, step: int, one: Moving) -> None:
        """The next thing that happens to a transfer: what is not on the shelf does not leave."""
        if one.state == "ordered":
            one.shipped = min(one.units, self._there(one))
            one.state = "shipped" if one.shipped else "cancelled"
            self._put(one.origin, one.sku, one.lot, -one.shipped)
        elif one.state == "shipped":
            one.state = "arrived"
            self._put(one.destination, one.sku, one.lot, one.shipped)
        else:
            one.state = "closed"
        self._say(step, one, one.state, one.shipped if one.state in ("shipped", "arrived") else 0)
        if one.state in ("cancelled", "closed") or (one.state == "arrived" and one.shipped == one.units):
            self.moving.remove(one)
