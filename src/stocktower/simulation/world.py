"""The outside world, made from a seed: customers, channels, sites and the post between them and the tower."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from .carts import Carts
from .coming import Coming
from .customer import STREET, CustomerOrder, add_line, place_order
from .deeds import Deed
from .goods import Goods
from .letters import Letter, Post, confirmation_letter, order_letter, product_letter, stock_letter
from .lots import Lots
from .merchant import Merchant, Place, configuration_text, make_merchant, product_document
from .racks import Racks
from .seen import SeenRequest
from .warehouse import DAMAGED, Left, Warehouse
from .workshop import Workshop

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEPS = 24
PLENTY = 5000


class World:
    """One run of the outside: `begin`, then `act` step by step, then `calm` until nothing is under way."""

    def __init__(self, seed: int, steps: int = STEPS) -> None:
        self.random = Random(seed)
        self.now = BEGIN
        self.step = 0
        self.steps = steps
        self.merchant: Merchant = make_merchant(self.random, BEGIN)
        self.post = Post(self.random)
        self.lots = Lots(Random(f"lots of {seed}"), self.tick)
        keep_bins = frozenset(place.code for place in self.merchant.places if place.bins)
        racks = Racks(Random(f"bins of {seed}"), keep_bins)
        self.warehouse = Warehouse(self.random, self.merchant, self.tick, self.lots, racks)
        self.goods = Goods(Random(f"goods of {seed}"), self.merchant, self.warehouse, self.post, self.tick)
        self.carts = Carts(Random(f"carts of {seed}"), self.merchant)
        self.orders: list[CustomerOrder] = []
        self.unmapped = sorted({offer.sku for offer in self.merchant.offers if not offer.mapped})
        self._kits = [good.sku for good in self.merchant.goods if good.components]
        self.workshop = Workshop(Random(f"workshop of {seed}"), self.merchant, self.warehouse, self.tick)
        self.coming = Coming(Random(f"coming to {seed}"), self.merchant, self.warehouse, self.post, self.tick)
        in_kits = {sku for good in self.merchant.goods for sku, _ in (*good.components, *good.materials)}
        in_kits |= {*self.merchant.preorders, *(good.sku for good in self.merchant.goods if good.materials)}
        free = [good.sku for good in self.merchant.stocked if good.sku not in in_kits and good.sku not in self.unmapped]
        self.unknown = self.random.sample(free, min(2, len(free)))
        self.learned: list[tuple[int, Left]] = []

    def tick(self) -> datetime:
        """The instant of the next thing that happens: no two are the same."""
        self.now += timedelta(seconds=1)
        return self.now

    def rest(self) -> datetime:
        """Time passes until the tower works again."""
        self.now += timedelta(minutes=self.random.choice((5, 12, 20, 45, 90, 240)))
        return self.now

    def configuration(self, *, rules: bool) -> str:
        """The text of the merchant's stocktower.toml."""
        return configuration_text(self.merchant, rules=rules)

    def begin(self) -> tuple[list[Letter], list[Letter]]:
        """The catalogue, and what lies at the sites at cut-over."""
        products = [
            product_letter(product_document(self.merchant, good.sku, late=False))
            for good in self.merchant.goods
            if good.sku not in self.unknown
        ]
        self.post.sent += products
        for place in self.merchant.places:
            for good in self.merchant.stocked:
                if self.random.random() < 0.8:
                    # Of what may be ordered before it is there, next to nothing is.
                    few = (0, 0, 1, 2) if good.sku in self.merchant.preorders else (0, 1, 3, 8, 20, 40)
                    self.warehouse.put(place.code, good.sku, self.random.choice(few))
        openings = [letter for place in self.merchant.places for letter in self._open(place)]
        self.post.sent += openings
        return products, openings

    def _open(self, place: Place) -> Iterable[Letter]:
        skus = self._known_skus()
        half = len(skus) // 2
        for part, some in enumerate((skus[:half], skus[half:])):
            if some:
                yield stock_letter(self.warehouse.count(place.code, some, opening=True, part=part))

    def _known_skus(self) -> list[str]:
        return [good.sku for good in self.merchant.stocked if good.sku not in self.unknown]

    def take_deeds(self) -> list[Deed]:
        """What people do at the tower in this step, after the post was worked."""
        return [*self.workshop.take(), *self.carts.take(), *self.lots.take_deeds()]

    def act(self, requests: Sequence[SeenRequest], free: Mapping[tuple[str, str], int]) -> list[Letter]:
        """One step of everybody outside; gives what arrives at the tower.

        `free`: what the tower has free by site and SKU, as those see it who order transfers.
        """
        self.step += 1
        known = self._known_skus()
        self.goods.act(self.step, known, free)
        self.carts.act(known)
        self.lots.act()
        self.workshop.act(known)
        self.coming.act(self.step, known)
        for _ in range(self.random.choice((0, 1, 2, 2, 3, 5))):
            self._place()
        for _ in range(self.random.choice((0, 1, 2, 3, 4))):
            self._change()
        self._catalogue()
        self._sites(requests)
        self._learn()
        self.rest()
        return self.post.deliver(self.step)

    def _place(self) -> None:
        shop = self.random.choice(self.merchant.shops)
        at = self.tick()
        way = self.random.random()
        if way < 0.06:
            at = shop.live_from - timedelta(hours=self.random.randint(1, 500))
        order = place_order(self.random, self.merchant, shop, len(self.orders), at)
        if way > 0.97 and not order.wrong_by:
            for line in order.lines:
                line.shipped = line.quantity
            order.capture()
        elif way > 0.95 and shop.kind == "amazon":
            order.custody = "marketplace"
        elif way > 0.93 and order.live_units > 1:
            order.lines[0].shipped = self.random.randint(1, order.lines[0].quantity)
        elif way >= 0.06:
            self.carts.before(order, {*self._known_skus(), *self._kits})
        self.orders.append(order)
        # An order comes after its cart.
        order.known_from = self.step + bool(order.hold)
        self._say(order)

    def _say(self, order: CustomerOrder) -> None:
        self.post.send(order_letter(order.shop.code, order.document()), max(self.step, order.known_from))

    def _change(self) -> None:
        alive = [order for order in self.orders if order.cancelled_at is None and order.custody == "merchant"]
        if not alive:
            return
        order = self.random.choice(alive[-25:])
        chances = {
            self._change_quantity: 4,
            self._add_line: 2,
            self._remove_line: 1,
            self._cancel_units: 2,
            self._cancel: 2,
            self._pay: 6,
            self._give_money_back: 2,
            self._move_house: 1,
            self._correct: 3,
            self._say_nothing_new: 1,
        }
        act = self.random.choices(list(chances), list(chances.values()))[0]
        act(order)
        owes_more = order.captured_minor and order.total_minor > order.captured_minor
        if owes_more and self.random.random() < 0.7:
            order.capture()
        self._say(order)

    def _change_quantity(self, order: CustomerOrder) -> None:
        line = self.random.choice(order.lines)
        more = self.random.choice((-2, -1, 1, 2))
        line.quantity = max(line.cancelled + line.shipped, 0 if len(order.lines) > 1 else 1, line.quantity + more)
        line.discount_minor = min(line.discount_minor, line.quantity * line.price_minor)
        self._keep_positive(order)

    def _keep_positive(self, order: CustomerOrder) -> None:
        goods = sum(line.quantity * line.price_minor - line.discount_minor for line in order.lines)
        order.discount_minor = min(order.discount_minor, goods)

    def _add_line(self, order: CustomerOrder) -> None:
        if len(order.lines) < 5:
            add_line(self.random, self.merchant, order)

    def _remove_line(self, order: CustomerOrder) -> None:
        line = self.random.choice(order.lines)
        if len(order.lines) > 1 and not line.shipped:
            order.lines.remove(line)
            self._keep_positive(order)

    def _cancel_units(self, order: CustomerOrder) -> None:
        line = self.random.choice(order.lines)
        free = line.live - line.shipped
        if free:
            units = self.random.randint(1, free)
            line.cancelled += units
            if order.captured_minor:
                order.refund(min(units * line.price_minor, max(0, order.captured_minor - order.refunded_minor - 1)))

    def _cancel(self, order: CustomerOrder) -> None:
        if order.live_units > order.shipped_units:
            order.cancel(self.tick())

    def _pay(self, order: CustomerOrder) -> None:
        if order.shop.terms_days is None or order.shipped_units:
            order.capture()

    def _give_money_back(self, order: CustomerOrder) -> None:
        left = order.captured_minor - order.refunded_minor
        if left > 1:
            order.refund(self.random.randint(1, max(1, left // 4)))

    def _move_house(self, order: CustomerOrder) -> None:
        order.city = self.random.choice(("Alton", "Berle", "Corby", "Dover"))
        order.country = self.random.choice((order.country, *order.shop.countries))

    def _correct(self, order: CustomerOrder) -> None:
        order.wrong_by = 0
        order.risk = ""
        order.street = STREET

    def _say_nothing_new(self, order: CustomerOrder) -> None:
        order.note += 1

    def _catalogue(self) -> None:
        if self.step > self.steps // 3 and self.random.random() < 0.2:
            if self.unmapped and self.random.random() < 0.5:
                self._map(self.unmapped.pop())
            elif self.unknown:
                self._introduce(self.unknown.pop())

    def _map(self, sku: str) -> None:
        self.post.send(product_letter(product_document(self.merchant, sku, late=True)), self.step)

    def _introduce(self, sku: str) -> None:
        self.post.send(product_letter(product_document(self.merchant, sku, late=True)), self.step, prompt=True)

    def _sites(self, requests: Sequence[SeenRequest]) -> None:
        """People at the sites read what is asked, work, report, get goods, lose goods, and count."""
        self.warehouse.read(requests)
        reports, left = self.warehouse.work()
        for report in reports:
            self.post.send(confirmation_letter(report), self.step)
        for one in left:
            self.learned.append((self.step + self.random.choice((0, 1, 2, 5)), one))
        for place in self.merchant.places:
            skus = [sku for sku in self._known_skus() if sku not in self.merchant.preorders]
            for sku in self.random.sample(skus, min(len(skus), self.random.choice((0, 0, 1, 2)))):
                self.warehouse.put(place.code, sku, self.random.choice((-2, -1, 1, 10, 25)))
                if self.random.random() < 0.1 and not self.merchant.good(sku).by_lot:
                    self.warehouse.put(place.code, sku, self.random.randint(1, 3), DAMAGED)
            if self.random.random() < 0.25:
                known = self._known_skus()
                some = self.random.sample(known, self.random.randint(1, len(known)))
                document = self.warehouse.count(place.code, some, in_cases=self.random.random() < 0.15)
                self.post.send(stock_letter(document), self.step)

    def _learn(self) -> None:
        """Channels hear of what has left, sooner or later than the tower does."""
        due = [left for at, left in self.learned if at <= self.step]
        self.learned = [(at, left) for at, left in self.learned if at > self.step]
        by_order = {(order.shop.code, order.ref): order for order in self.orders}
        for left in due:
            order = by_order[left.shop, left.order_ref]
            for line in order.lines:
                if line.ref == left.line_ref:
                    line.shipped = min(line.shipped + left.units, line.live)
            if order.cancelled_at is None and self.random.random() < 0.5:
                self._say(order)

    def calm(self, requests: Sequence[SeenRequest], round_no: int) -> list[Letter]:
        """The world comes to rest: all is paid, mapped, in stock, counted and shipped, and the last word is said."""
        self.step += 1
        if round_no == 0:
            self._settle_everything()
        self.goods.finish(self.step)
        self.coming.finish(self.step)
        self.warehouse.read(requests)
        reports, _ = self.warehouse.work()
        letters = [confirmation_letter(report) for report in reports]
        self.post.sent += letters
        if round_no >= 1:
            for place in self.merchant.places:
                letter = stock_letter(self.warehouse.count(place.code, self._known_skus()))
                letters.append(letter)
                self.post.sent.append(letter)
        self.rest()
        return [*self.post.deliver(self.step + 1000), *letters]

    def _settle_everything(self) -> None:
        self.warehouse.honest = True
        for sku in sorted({*self.unmapped, *self.unknown}):
            letter = product_letter(product_document(self.merchant, sku, late=True))
            self.post.send(letter, self.step, prompt=True)
        self.unmapped, self.unknown = [], []
        for place in self.merchant.places:
            for sku in self._known_skus():
                if self.merchant.good(sku).by_lot:
                    self.lots.put(place.code, sku, self.lots.make(sku, keeps=True), PLENTY)
                else:
                    self.warehouse.put(place.code, sku, PLENTY)
        self.learned = [(0, left) for _, left in self.learned]
        self._learn()
        for order in self.orders:
            order.wrong_by, order.risk, order.street = 0, "", STREET
            if order.cancelled_at is None and order.shop.terms_days is None:
                order.capture()
            order.note += 1

    def last_words(self) -> list[Letter]:
        """What channels say last of each order, after everything that was under way has arrived."""
        letters = [order_letter(order.shop.code, order.document()) for order in self.orders]
        self.post.sent += letters
        return letters
