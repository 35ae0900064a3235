"""Carts: some become orders while they hold stock, some too late; some are left, and some are paid for long."""

from collections.abc import Collection
from random import Random

from msgspec import Struct, field

from .customer import CustomerOrder
from .deeds import Cart, CartLeft, CartPaid, Deed
from .merchant import Merchant


class Carts(Struct):
    """Everybody who is shopping."""

    random: Random
    merchant: Merchant
    deeds: list[Deed] = field(default_factory=list[Deed])
    """Done since they were last taken."""
    alone: list[Cart] = field(default_factory=list[Cart])
    """Carts that no order comes of."""
    count: int = 0

    def before(self, order: CustomerOrder, known: Collection[str]) -> None:
        """The cart that an order came of may have held its stock."""
        offers = [(self.merchant.offer(order.shop.code, line.listing), line.quantity) for line in order.lines]
        if all(offer.sku in known for offer, _ in offers) and self.random.random() < 0.25:
            lines = tuple((offer.sku, units * offer.pack) for offer, units in offers)
            order.hold = self._fill(order.shop.code, lines).reference

    def act(self, known: Collection[str]) -> None:
        """Somebody fills a cart and leaves it, or begins to pay and never ends."""
        if known and self.random.random() < 0.5:
            shop = self.random.choice(self.merchant.shops)
            skus = self.random.sample(sorted(known), min(len(known), self.random.choice((1, 1, 2))))
            self.alone.append(self._fill(shop.code, tuple((sku, self.random.randint(1, 4)) for sku in skus)))
        if self.alone and self.random.random() < 0.3:
            cart = self.random.choice(self.alone)
            if self.random.random() < 0.5:
                self.alone.remove(cart)
                self.deeds.append(CartLeft(cart.shop, cart.reference))
            else:
                state = self.random.choice(("authorizing", "authorizing", "abandoned"))
                self.deeds.append(CartPaid(cart.shop, cart.reference, state))

    def _fill(self, shop: str, lines: tuple[tuple[str, int], ...]) -> Cart:
        self.count += 1
        cart = Cart(shop, f"cart-{self.count}", lines, self.random.choice((15, 60, 180, 600)))
        self.deeds.append(cart)
        return cart

    def take(self) -> list[Deed]:
        """What was done since it was last asked."""
        taken, self.deeds = self.deeds, []
        return taken
