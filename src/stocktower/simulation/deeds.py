"""What people and shops do at the tower themselves, without a letter: carts that hold stock, and their payments."""

from msgspec import Struct

from stocktower.exchange import AssemblyDocument

from .seen import SeenStock


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


class Recall(Struct, frozen=True):
    """A lot is held on all sites and for all channels."""

    sku: str
    lot: str


class RecallEnded(Struct, frozen=True):
    """A lot that was held is sold again."""

    sku: str
    lot: str


class Making(Struct, frozen=True):
    """A good is made of its materials, or taken apart."""

    document: AssemblyDocument


Deed = Cart | CartLeft | CartPaid | Recall | RecallEnded | Making


class Done(Struct, frozen=True):
    """What the tower answered."""

    state: str
    shipped: tuple[tuple[str, str], ...] = ()
    """Of a recall: the orders, as (channel, reference), that have units of the lot at their customers."""
    before: tuple[SeenStock, ...] = ()
    """Of a cart: the stock of its SKUs as it was."""
    after: tuple[SeenStock, ...] = ()
    moved: tuple[tuple[str, int], ...] = ()
    """Of a making: units by SKU, below zero what went in."""
