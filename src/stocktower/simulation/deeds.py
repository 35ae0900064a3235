"""What people and shops do at the tower themselves, without a letter: carts that hold stock, and their payments."""

from msgspec import Struct


class Cart(Struct, frozen=True):
    """A cart asks for stock for some time: all of it or nothing."""

    shop: str
    reference: str
    lines: tuple[tuple[str, int], ...]
    """(SKU, units)"""
    minutes: int


class CartLeft(Struct, frozen=True):
    """A cart is given up before its time."""

    shop: str
    reference: str


class CartPaid(Struct, frozen=True):
    """Where the payment of a cart stands."""

    shop: str
    reference: str
    state: str


Deed = Cart | CartLeft | CartPaid


class Done(Struct, frozen=True):
    """What the tower answered."""

    state: str
