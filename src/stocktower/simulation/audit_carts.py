"""What the auditor expects of carts: who holds until when, and who ended a hold: its order, its shopper, or time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from .deeds import Cart, CartLeft, CartPaid, Deed, Done
from .merchant import EXTEND_MINUTES, LONGEST_MINUTES, Merchant
from .seen import SeenHold

Key = tuple[str, str]
"""(channel, reference)"""


class CartModel(Struct):
    """A cart that was given what it asked for."""

    cart: Cart
    given_at: datetime
    expires_at: datetime
    is_paying: bool = False
    order: Key | None = None
    """The order that came of it in time."""


class CartsModel(Struct):
    """All carts that hold something."""

    merchant: Merchant
    held: dict[Key, CartModel] = field(default_factory=dict[Key, CartModel])

    def hear(self, deed: Deed, done: Done, now: datetime) -> None:
        """A shopper did something, and the tower answered."""
        if not isinstance(deed, Cart | CartLeft | CartPaid):
            return
        key = (deed.shop, deed.reference)
        if isinstance(deed, Cart):
            if done.state == "held":
                self.held[key] = CartModel(deed, now, now + timedelta(minutes=deed.minutes))
        elif isinstance(deed, CartLeft):
            self.held.pop(key, None)
        elif key in self.held:
            self.held[key].is_paying = deed.state == "authorizing"

    def take_over(self, shop: str, reference: str, order: Key) -> None:
        """The first word of an order that came of a cart."""
        model = self.held.get((shop, reference))
        if model is not None and model.order is None:
            model.order = order

    def rest(self, now: datetime) -> None:
        """All work up to an instant is done: holds whose time is over are gone, or extended for their payment."""
        for key, model in list(self.held.items()):
            if model.order is not None or model.expires_at > now:
                continue
            longest = model.given_at + timedelta(minutes=LONGEST_MINUTES)
            model.expires_at = min(now + timedelta(minutes=EXTEND_MINUTES), longest)
            if not model.is_paying or model.expires_at <= now:
                del self.held[key]

    def compare(self, seen: Sequence[SeenHold], steps: Mapping[Key, str]) -> Iterable[str]:
        """Differences to what the tower says is held; `steps`: where each order stands."""
        under_way = {(hold.shop, hold.reference): hold for hold in seen}
        for key, model in list(self.held.items()):
            if model.order is not None and steps.get(model.order, "capture") != "capture":
                del self.held[key]
        for key in sorted({*under_way, *self.held}):
            hold, model = under_way.get(key), self.held.get(key)
            if model is None:
                yield f"{key}: nothing should be held, there is {hold}"
                continue
            if hold is None:
                if model.order is None:
                    yield f"{key}: its hold is gone, which lasts until {model.expires_at}"
                continue
            if hold.expires_at != model.expires_at and model.order is None:
                yield f"{key}: it holds until {hold.expires_at}, not {model.expires_at}"
            asked = Counter[str]()
            for sku, units in model.cart.lines:
                for part, each in self.merchant.parts(sku):
                    asked[part] += units * each
            if any(units > asked[sku] for sku, units in hold.units.items()):
                yield f"{key}: it holds {hold.units}, it asked for {dict(asked)}"
