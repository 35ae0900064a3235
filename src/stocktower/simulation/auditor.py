"""The auditor: predicts orders, stock and books from what went into the tower, and compares.

It is told which messages came in and in which order the tower finished them, and sees what the sites were asked for.
It shares no code with the product besides the documents; where units are allocated is the tower's own decision, all
else follows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from stocktower.exchange import (
    AdjustmentDocument,
    ConfirmationDocument,
    InboundDocument,
    OrderDocument,
    ReceiptDocument,
    StockDocument,
    TransferDocument,
)

from .audit_bins import BinsModel
from .audit_carts import CartsModel
from .audit_coming import ComingsModel
from .audit_goods import carry, deliver, find, make
from .audit_lots import UNKNOWN, LotsModel
from .audit_money import (
    BETWEEN,
    COST,
    IN_TRANSIT,
    INVENTORY,
    OPENING,
    RECEIVED,
    SHRINKAGE,
    SUPPLIER,
    Account,
    Ledger,
)
from .audit_order import OrderModel
from .audit_stock import Key, StockModel, key_of
from .deeds import Deed, Done, Making
from .letters import Letter
from .merchant import PROTECT_HOURS, SHIP_BY_HOURS, VIP, Merchant
from .seen import SeenOrder, SeenStock, SeenTower
from .warehouse import AVAILABLE

GOODS_ACCOUNTS = (INVENTORY, COST, SHRINKAGE, OPENING, BETWEEN, SUPPLIER, RECEIVED, IN_TRANSIT)
TRANSIT = "in_transit"
CATALOGUE_CURRENCY = "USD"
"""Of the costs of products."""
NEWEST_COUNTS = ("product", "stock", "inbound", "receipt")
"""Kinds of letters of which the last to come counts, also where it came before."""


class Auditor:
    """One run of expectations."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.steady = all(len(good.costs) == 1 for good in merchant.stocked)
        """Every SKU has one cost, so that each account of goods can be told exactly."""
        self.ledger = Ledger()
        self.stock = StockModel({good.sku: good.case for good in merchant.stocked})
        self.carts = CartsModel(merchant)
        self.lots = LotsModel()
        self.bins = BinsModel(merchant)
        self.coming = ComingsModel(merchant)
        self.orders: dict[tuple[str, str], OrderModel] = {}
        self.contents: dict[tuple[str, str, str], list[bytes]] = {}
        self.ordered = Counter[str]()
        """Units of transfers that may be allocated at their origin."""
        self.refused = 0
        self.errors: list[str] = []
        """What was wrong in answers."""
        self.worked = Counter[str]()

    # What goes in.

    def receive(self, letter: Letter) -> str:
        """Whether a letter should count as new, changed or repeated."""
        known = self.contents.setdefault((letter.source, letter.kind, letter.key), [])
        body = letter.body
        is_known = body in known[-1:] if letter.kind in NEWEST_COUNTS else body in known
        if is_known:
            return "repeated"
        known.append(body)
        return "new" if len(known) == 1 else "changed"

    def finish(self, letters: Iterable[Letter], now: datetime) -> None:
        """The tower has worked these, in this order."""
        for letter in letters:
            self.worked[letter.kind] += 1
            document = letter.document
            if isinstance(document, OrderDocument):
                self._take_order(letter.source, document, now)
            elif isinstance(document, StockDocument):
                self._take_count(document, now)
            elif isinstance(document, ConfirmationDocument):
                self._take_report(document)
            elif isinstance(document, InboundDocument):
                self.coming.state(document)
            elif isinstance(document, ReceiptDocument):
                self.coming.receive(document)
                self.lots.learn(document)
                self.bins.receive(document)
                deliver(document, self.merchant, self.stock, self.ledger)
            elif isinstance(document, AdjustmentDocument):
                find(document, self.stock)
            elif isinstance(document, TransferDocument):
                carry(document, self.stock)
                self._await_transfer(document)

    def hear(self, deed: Deed, done: Done, now: datetime) -> None:
        """Somebody did something at the tower, and it answered."""
        self.carts.hear(deed, done, now)
        if isinstance(deed, Making) and done.moved:
            place = self.merchant.place(deed.document.site)
            if deed.document.disassemble and self.merchant.currencies[place.entity] != CATALOGUE_CURRENCY:
                # A material that its entity never had shares by the catalogue's cost, at a rate.
                self.steady = False
            self.errors += make(deed.document, done.moved, self.merchant, self.stock)
        self.lots.hear(deed, done, {shop.code: shop for shop in self.merchant.shops}, now)

    def rest(self, now: datetime) -> None:
        """Everything that was due until an instant is done."""
        self.carts.rest(now)

    def see(self, orders: Iterable[SeenOrder]) -> None:
        """What sites are asked for now."""
        for seen in orders:
            model = self.orders.get((seen.shop, seen.order_ref))
            if model is not None:
                model.see_requests(seen)

    def _take_order(self, source: str, document: OrderDocument, now: datetime) -> None:
        model = self.orders.get((source, document.order_ref))
        if model is None:
            shop = self.merchant.shop(source)
            account = Account(shop.entity, shop.currency, shop.marketplace_tax, self.ledger)
            model = self.orders[source, document.order_ref] = OrderModel(self.merchant, shop, account, document)
            model.open(now)
            if document.hold:
                self.carts.take_over(source, document.hold, (source, document.order_ref))
        elif not model.take(document, now):
            self.refused += 1
        self._let_go(model)

    def _take_report(self, document: ConfirmationDocument) -> None:
        content = msgspec.json.encode(msgspec.structs.replace(document, row=0))
        for model in self.orders.values():
            if document.order == model.document.number and model.report(document, content):
                self._let_go(model)
                return
        raise AssertionError(f"the tower finished a report that nothing was asked for: {document}")

    def _await_transfer(self, document: TransferDocument) -> None:
        """What is ordered and has not left may be allocated for it."""
        for line in document.lines:
            if document.step == "ordered":
                self.ordered[line.sku] += line.quantity

    def _let_go(self, model: OrderModel) -> None:
        """What left sites comes off their shelves, at its cost."""
        for fetched in model.fetched:
            self.bins.fetch(fetched)
        model.fetched.clear()
        for went in model.went:
            self.bins.ship(went.fulfillment_id, went.site, went.sku, went.gone.units)
            self.stock.ship(key_of(went.site, went.sku, AVAILABLE, went.lot), went.gone)
            if went.lot:
                self.lots.ship(went.sku, went.lot, (model.shop.code, model.document.order_ref))
            place, good = self.merchant.place(went.site), self.merchant.good(went.sku)
            cost = good.costs[0] * went.gone.units
            if not place.is_ours:
                self.ledger.post(model.shop.entity, "USD", [(COST, cost), (SUPPLIER, -cost)])
            elif self.steady:
                currency = self.merchant.currencies[place.entity]
                if place.entity == model.shop.entity:
                    self.ledger.post(place.entity, currency, [(COST, cost), (INVENTORY, -cost)])
                else:
                    self.ledger.post(place.entity, currency, [(BETWEEN, cost), (INVENTORY, -cost)])
                    self.ledger.post(model.shop.entity, currency, [(COST, cost), (BETWEEN, -cost)])
        model.went.clear()

    def _take_count(self, document: StockDocument, now: datetime) -> None:
        self.lots.learn(document)
        place = self.merchant.place(document.site)
        currency = self.merchant.currencies[place.entity]
        applied = self.stock.count(document, now)
        self.bins.count(document, applied, now)
        for delta, line in applied.values():
            if document.opening and place.is_ours:
                value = delta * (line.cost_minor or 0)
                self.ledger.post(place.entity, currency, [(INVENTORY, value), (OPENING, -value)])

    # What should be there.

    def compare(self, tower: SeenTower) -> list[str]:
        """Everything in which the tower differs from what is expected, in words."""
        found = list(self._compare_orders(tower))
        found += self._compare_stock(tower.stock)
        found += self.carts.compare(tower.holds, {(one.shop, one.order_ref): one.step for one in tower.orders})
        found += [*self._compare_promised(tower), *self.errors]
        found += self.coming.compare(tower.coming, tower.claims, tower.orders, tower.now)
        found += self._compare_ranks(tower)
        found += self.lots.compare(tower.stock, self._asked(), tower.now)
        found += self.bins.compare(tower.bins, self.stock)
        found += self._compare_books(tower)
        if tower.open_cases.get("parked_message"):
            found.append(f"{tower.open_cases['parked_message']} messages or events are parked")
        suspected, cases = len(self.stock.suspected), tower.open_cases.get("unit_mismatch", 0)
        if suspected != cases:
            found.append(f"{suspected} counts look like cases, {cases} cases of it are open")
        return found

    def _compare_orders(self, tower: SeenTower) -> Iterable[str]:
        seen = {(order.shop, order.order_ref): order for order in tower.orders}
        if tower.order_count != len(self.orders) or len(tower.orders) != len(self.orders):
            yield f"{len(self.orders)} orders came, {tower.order_count} are there, {len(tower.orders)} are listed"
        for key, model in self.orders.items():
            order = seen.get(key)
            if order is None:
                yield f"order {key} is lost"
            else:
                yield from _compare_order(key, model, order)

    def _asked(self) -> Counter[tuple[str, str]]:
        """Units of SKUs that are tracked by lot which sites have in hand for orders, by (site, SKU)."""
        found = Counter[tuple[str, str]]()
        for model in self.orders.values():
            for line in model.lines:
                sku = self.merchant.offer(model.shop.code, line.listing).sku
                for request in model.requests.values() if self.merchant.good(sku).by_lot else ():
                    found[request.site, sku] += request.outstanding(line.line_no)
        return found

    def _compare_stock(self, stock: Sequence[SeenStock]) -> Iterable[str]:
        if len({(row.site, row.sku, row.status, row.lot) for row in stock}) != len(stock):
            yield "a SKU has two rows at a site"
        said = Counter[Key]()
        for row in stock:
            if not 0 <= row.allocated <= row.quantity:
                yield f"{row.site} {row.sku}: {row.allocated} are allocated of {row.quantity}"
            said[self._whole(key_of(row.site, row.sku, row.status, row.lot))] += row.quantity - row.discrepancy
        real, doubtful = Counter[Key](), Counter[Key]()
        for key, shelf in self.stock.shelves.items():
            counted_at = self._counted_at(key) if key[3] == UNKNOWN else shelf.counted_at
            real[self._whole(key)] += shelf.counted - shelf.left_after(counted_at)
            doubtful[self._whole(key)] += shelf.doubtful()
        for key in sorted({*said, *real}):
            if not real[key] - doubtful[key] <= said[key] <= real[key]:
                yield f"{key}: {real[key]} should be there, the tower says {said[key]}"

    def _whole(self, key: Key) -> Key:
        """Lots of a SKU are one where units left a site of which nobody says which lot they were."""
        site, sku, status, lot = key
        return (site, sku, status, UNKNOWN) if lot and (site, sku, AVAILABLE, UNKNOWN) in self.stock.shelves else key

    def _counted_at(self, key: Key) -> datetime | None:
        """When the lots of a SKU were counted last at a site."""
        counts = [one.counted_at for of, one in self.stock.shelves.items() if of[:2] == key[:2] and one.counted_at]
        return max(counts, default=None)

    def _compare_promised(self, tower: SeenTower) -> Iterable[str]:
        """What is allocated of a SKU is what orders and carts have, and at most what transfers still wait for."""
        promised = Counter[str]()
        for order in tower.orders:
            for seen in order.lines:
                line = next(one for one in self.orders[order.shop, order.order_ref].lines if one.ref == seen.line_ref)
                offer = self.merchant.offer(order.shop, line.listing)
                for sku, units in self.merchant.parts(offer.sku):
                    promised[sku] += seen.allocated * offer.pack * units
        for hold in tower.holds:
            promised.update(hold.units)
        allocated = Counter[str]()
        for row in tower.stock:
            allocated[row.sku] += row.allocated
        for sku in sorted({*promised, *allocated}):
            moving = self.ordered[sku]
            if not promised[sku] <= allocated[sku] <= promised[sku] + moving:
                yield (
                    f"{sku}: orders and carts have {promised[sku]}, transfers at most {moving}, "
                    f"{allocated[sku]} are allocated"
                )

    def _compare_ranks(self, tower: SeenTower) -> Iterable[str]:
        """Nobody of a lower rank keeps what is not released, while an order that ranks first lacks its only unit.

        Only where nothing but that unit matters: one line of one unit, of a SKU that nobody has set aside.
        """
        aside = {sku for _, sku, _ in self.merchant.asides}
        for taker in tower.orders if self.merchant.ranked else ():
            model = self.orders[taker.shop, taker.order_ref]
            offer = self.merchant.offer(taker.shop, model.lines[0].listing)
            is_short = len(taker.lines) == 1 and taker.lines[0].backordered == taker.lines[0].ordered == 1
            if not is_short or model.document.customer_class != VIP or offer.pack > 1 or offer.sku in aside:
                continue
            asked = model.requests.values()
            # A site that did not find it is not asked for it again.
            doubtful = {one.site for one in asked if any(line.short for line in one.lines.values())}
            shop = self.merchant.shop(taker.shop)
            # Nor may it have a lot that does not last long enough for its channel.
            doubtful |= {
                row.site
                for row in tower.stock
                if row.sku == offer.sku
                and row.allocated
                and row.lot
                and not self.lots.keeps(row.sku, row.lot, shop.min_shelf_life_days, tower.now)
            }
            sites = set(shop.sites) - doubtful
            for giver in tower.orders:
                other = self.orders[giver.shop, giver.order_ref]
                if other.document.placed_at + timedelta(hours=SHIP_BY_HOURS - PROTECT_HOURS) <= tower.now:
                    continue  # nothing is taken of an order that has to ship so soon
                for line in giver.lines if other.document.customer_class != VIP and giver.step != "done" else ():
                    listing = self.merchant.offer(giver.shop, other.lines[line.line_no - 1].listing)
                    free = sum(units for site, units in line.unreleased if site in sites)
                    if listing.sku == offer.sku and free and not self.merchant.good(offer.sku).components:
                        yield f"{taker.shop} {taker.order_ref} lacks {offer.sku}, {giver.order_ref} keeps {free}"

    def _compare_books(self, tower: SeenTower) -> Iterable[str]:
        books = tower.books
        for entity, book_sum in books.book_sums.items():
            if book_sum:
                yield f"the books of {entity} are off by {book_sum}"
        for key in sorted({*books.balances, *self.ledger.balances}):
            entity, account, currency = key
            exact = account not in GOODS_ACCOUNTS or account in (OPENING, SUPPLIER, RECEIVED)
            if exact or (self.steady and account in (COST, BETWEEN)):
                expected, said = self.ledger.balances.get(key, 0), books.balances.get(key, 0)
                if expected != said:
                    yield f"{entity} {account}: {expected} {currency} expected, {said} posted"
        yield from self._compare_goods(tower)

    def _compare_goods(self, tower: SeenTower) -> Iterable[str]:
        """No value is lost: what came in at cut-over and was found is there, or was sold, or is missing."""
        for currency in set(self.merchant.currencies.values()):
            left = sum(
                amount
                for (_, account, of), amount in tower.books.balances.items()
                if of == currency and account in GOODS_ACCOUNTS
            )
            if left:
                yield f"goods in {currency} do not add up: {left}"
        if not self.steady:
            return
        values = Counter[tuple[str, str]]()
        for row in tower.stock:
            place = self.merchant.place(row.site)
            if place.is_ours:
                account = IN_TRANSIT if row.status == TRANSIT else INVENTORY
                values[place.entity, account] += row.quantity * self.merchant.good(row.sku).costs[0]
        for (entity, account), value in values.items():
            said = tower.books.balances.get((entity, account, self.merchant.currencies[entity]), 0)
            if value != said:
                yield f"{entity}: stock is worth {value}, {account} says {said}"

    def compare_end(self, tower: SeenTower) -> list[str]:
        """Beyond `compare`: nothing is stuck when all is paid, mapped, in stock and shipped."""
        found = [*self.compare(tower), *self.bins.compare(tower.bins, self.stock, end=True)]
        for order in tower.orders:
            if order.step != "done":
                found.append(f"order {order.shop} {order.order_ref} is stuck at {order.step}")
            model = self.orders[order.shop, order.order_ref]
            if model.is_plain() and (order.deposits_minor or order.receivable_minor):
                found.append(
                    f"order {order.shop} {order.order_ref} is paid and shipped, and leaves deposits of "
                    f"{order.deposits_minor} and {order.receivable_minor} receivable"
                )
        for kind in ("no_stock", "no_site", "unmapped_listing", "total_mismatch", "address", "fraud_review"):
            if tower.open_cases.get(kind):
                found.append(f"{tower.open_cases[kind]} cases of {kind} are open for nothing")
        found += [
            f"{row.site} {row.sku}: {row.discrepancy} are still missing" for row in tower.stock if row.discrepancy
        ]
        return found


def _compare_order(key: tuple[str, str], model: OrderModel, order: SeenOrder) -> Iterable[str]:
    name = " ".join(key)
    if order.is_history != model.is_history:
        yield f"{name}: history should be {model.is_history}"
    if order.refunded_minor != model.refunded:
        yield f"{name}: {model.refunded} should be refunded, it says {order.refunded_minor}"
    money = (order.deposits_minor, order.receivable_minor)
    if money != (model.account.deposits, model.account.receivable):
        yield f"{name}: {model.account.deposits} paid ahead and {model.account.receivable} owed, it says {money}"
    lines = {line.line_no: line for line in order.lines}
    if lines.keys() != {line.line_no for line in model.lines}:
        yield f"{name}: lines {[line.line_no for line in model.lines]} expected, there are {sorted(lines)}"
        return
    for line in model.lines:
        seen = lines[line.line_no]
        expected = (line.ref, line.ordered, line.shipped, line.cancelled, line.live - line.shipped)
        said = (
            seen.line_ref,
            seen.ordered,
            seen.shipped,
            seen.cancelled,
            seen.open + seen.backordered + seen.allocated,
        )
        if expected != said:
            yield f"{name} line {line.line_no}: (ref, ordered, shipped, cancelled, waiting) is {said}, not {expected}"
        asked = sum(request.outstanding(line.line_no) for request in model.requests.values())
        if asked != seen.released and not model.is_history:
            yield f"{name} line {line.line_no}: sites owe {asked}, {seen.released} are released"
    for request in order.requests:
        known = model.requests[request.fulfillment_id]
        for row in request.lines:
            mine = known.lines[row.line_no]
            if (mine.picked, mine.shipped, mine.short) != (row.picked, row.shipped, row.short):
                yield (
                    f"{name} line {row.line_no} at {request.site}: picked, shipped, short "
                    f"{(mine.picked, mine.shipped, mine.short)} expected, is {(row.picked, row.shipped, row.short)}"
                )
