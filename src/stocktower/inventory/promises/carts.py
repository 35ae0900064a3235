"""Carts that ask for stock by the names that a caller has: codes are looked up in the transaction that holds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from stocktower.catalog import Sku, find_skus
from stocktower.network import load_network
from stocktower.platform import Transaction

from ..formulas.model import HoldRequest, HoldResult
from .holds import hold


class Cart(Struct, frozen=True):
    """A cart that asks for stock by codes: all of its lines or none."""

    channel: str
    reference: str
    """Unique in the channel; a repeat gets the same hold."""
    lines: tuple[tuple[str, int], ...]
    """(code of a SKU, quantity)."""
    lasts: timedelta


class CartResult(Struct, frozen=True):
    """What became of a cart, with the codes of its SKUs by id."""

    result: HoldResult
    codes: dict[int, str]


class UnknownName(Struct, frozen=True):
    """A cart names something that there is not; nothing was held."""

    code: str
    line: int | None = None
    """The place of the line that names it, from 0; None: it is the channel."""
    known: tuple[str, ...] = ()
    """The channels that there are."""


def hold_carts(tx: Transaction, carts: Sequence[Cart]) -> list[CartResult | UnknownName]:
    """Serve carts in their order; what names something unknown is answered so, and the others are served."""
    channel_ids = load_network(tx).channel_ids
    skus = find_skus(tx, {code for cart in carts for code, _ in cart.lines})
    named = [_named(tx, cart, channel_ids, skus) for cart in carts]
    results = iter(hold(tx, [one for one in named if isinstance(one, HoldRequest)]))
    return [
        one
        if isinstance(one, UnknownName)
        else CartResult(next(results), {skus[code].sku_id: code for code, _ in cart.lines})
        for one, cart in zip(named, carts, strict=True)
    ]


def _named(
    tx: Transaction, cart: Cart, channel_ids: Mapping[str, int], skus: Mapping[str, Sku]
) -> HoldRequest | UnknownName:
    channel_id = channel_ids.get(cart.channel)
    if channel_id is None:
        return UnknownName(cart.channel, known=tuple(channel_ids))
    for place, (code, _) in enumerate(cart.lines):
        if code not in skus:
            return UnknownName(code, place)
    lines = tuple([(skus[code].sku_id, units) for code, units in cart.lines])
    return HoldRequest(channel_id, cart.reference, lines, tx.now + cart.lasts)
