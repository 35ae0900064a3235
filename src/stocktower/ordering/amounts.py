"""The money of an order: whether it foots, its lines' frozen shares, what a shipment earns, what a refund gives back.

Discounts, shipping, tax and duties that the channel states for the whole order are split over the lines by largest
remainder, once, at capture; duties over the lines that are sent. Where prices include tax, each line's tax is taken out
of its goods, discount and shipping in proportion (half-even, the goods take the rest), so that goods - discount +
shipping + tax + duties is exactly the line's share of the total. Duties are never part of prices.
A shipment of units s+1..t of n earns the sum of those units' shares in a split of the amount over n units.
"""

from collections.abc import Sequence

from msgspec import Struct

from stocktower.exchange import LineDocument, OrderDocument
from stocktower.kernel import split

from .model import Line, Order

Amounts = tuple[int, int, int, int, int]
"""(goods, discount, shipping, tax, duties): what the customer owes is goods - discount + shipping + tax + duties.

None of the others contains tax or duties.
"""


class RefundShare(Struct, frozen=True):
    """What a refund gives back: the part for what had not shipped, and the rest by component."""

    amount_minor: int
    before_minor: int
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    duties_minor: int = 0
    over_minor: int = 0
    """What was stated beyond all that was paid, and is not taken over."""


def decide_foots(document: OrderDocument) -> list[str]:
    """What does not add up in a document, in words; nothing when it foots to the minor unit, or leaves amounts out."""
    if not document.amounts_stated:
        return []
    lines = document.lines
    goods = discounts = 0
    tax: int | None = 0
    duties: int | None = 0
    for line in lines:
        goods += line.quantity * line.unit_price_minor
        discounts += line.discount_minor
        tax = None if tax is None or line.tax_minor is None else tax + line.tax_minor
        duties = None if duties is None or line.duties_minor is None else duties + line.duties_minor
    found: list[str] = []
    if goods != document.goods_minor:
        found.append(f"lines make {goods}, goods are stated as {document.goods_minor}")
    if discounts > document.discount_minor:
        found.append(f"discounts of lines make {discounts}, all discounts are stated as {document.discount_minor}")
    if tax is not None and lines and tax != document.tax_minor:
        found.append(f"tax of lines makes {tax}, tax is stated as {document.tax_minor}")
    if duties is not None and lines and duties != document.duties_minor:
        found.append(f"duties of lines make {duties}, duties are stated as {document.duties_minor}")
    total = document.goods_minor - document.discount_minor + document.shipping_minor + document.duties_minor
    if not document.tax_included:
        total += document.tax_minor
    if total != document.total_minor:
        found.append(f"parts make {total}, the total is stated as {document.total_minor}")
    return found


def freeze(document: OrderDocument) -> list[Amounts]:
    """The frozen amounts of each line of a document, without tax where its prices include it."""
    lines = document.lines
    goods = [line.quantity * line.unit_price_minor for line in lines]
    if len(lines) == 1:
        of_order = (document.discount_minor, document.shipping_minor, document.tax_minor, document.duties_minor)
        gross = [(goods[0], *of_order)]
    else:
        gross = _spread(document, lines, goods)
    return [_without_tax(amounts) for amounts in gross] if document.tax_included else gross


def freeze_line(line: LineDocument, tax_included: bool) -> Amounts:
    """The amounts of a line alone, as it states them itself: for one that joins an order under way."""
    goods = line.quantity * line.unit_price_minor
    amounts = (goods, line.discount_minor, line.shipping_minor or 0, line.tax_minor or 0, line.duties_minor or 0)
    return _without_tax(amounts) if tax_included else amounts


def _spread(document: OrderDocument, lines: Sequence[LineDocument], goods: list[int]) -> list[Amounts]:
    """The amounts by line: what lines state themselves, and their share of the rest."""
    discounts = [line.discount_minor for line in lines]
    rest = document.discount_minor - sum(discounts)
    if rest:
        weights = [max(0, good - discount) for good, discount in zip(goods, discounts, strict=True)]
        discounts = [own + share for own, share in zip(discounts, split(rest, weights), strict=True)]
    nets = [good - discount for good, discount in zip(goods, discounts, strict=True)]
    weights = [max(0, net) for net in nets]
    shippings = [line.shipping_minor or 0 for line in lines]
    rest = document.shipping_minor - sum(shippings)
    if rest:
        shippings = [own + share for own, share in zip(shippings, split(rest, weights), strict=True)]
    taxes = [line.tax_minor or 0 for line in lines]
    rest = document.tax_minor - sum(taxes)
    if rest:
        weights = [max(0, net + shipping) for net, shipping in zip(nets, shippings, strict=True)]
        taxes = [own + share for own, share in zip(taxes, split(rest, weights), strict=True)]
    return list(zip(goods, discounts, shippings, taxes, _duties(document, nets), strict=True))


def _duties(document: OrderDocument, nets: Sequence[int]) -> list[int]:
    """Duties by line: what nothing is sent for has none of what is stated for the whole order."""
    lines = document.lines
    duties = [line.duties_minor or 0 for line in lines]
    rest = document.duties_minor - sum(duties)
    if not rest:
        return duties
    sent = [max(0, net) if line.requires_shipping else 0 for line, net in zip(lines, nets, strict=True)]
    weights = sent if any(sent) else [int(line.requires_shipping) for line in lines]
    return [own + share for own, share in zip(duties, split(rest, weights), strict=True)]


def _without_tax(amounts: Amounts) -> Amounts:
    """Take the tax out of goods, discount and shipping, in proportion."""
    goods, discount, shipping, tax, duties = amounts
    gross = goods - discount + shipping
    if not tax:
        return amounts
    if not gross:
        return goods - tax, discount, shipping, tax, duties
    in_discount = _half_even(tax * discount, gross)
    in_shipping = _half_even(tax * shipping, gross)
    in_goods = tax + in_discount - in_shipping
    return goods - in_goods, discount - in_discount, shipping - in_shipping, tax, duties


def _half_even(numerator: int, denominator: int) -> int:
    """A quotient rounded half-even."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole & 1):
        whole += 1
    return whole


def share(amount_minor: int, units: int, of: int) -> int:
    """What the first units of so many have of an amount: the sum of the first shares when it is split evenly."""
    if units >= of:
        return amount_minor
    if amount_minor < 0:
        return -share(-amount_minor, units, of)
    whole, rest = divmod(amount_minor, of)
    return whole * units + min(units, rest)


def earned(line: Line, before: int, after: int) -> Amounts:
    """What the units of a line between two counts of shipped units earn."""
    if before == 0 and after >= line.priced:
        return line.goods_minor, line.discount_minor, line.shipping_minor, line.tax_minor, line.duties_minor
    of = line.priced
    return (
        share(line.goods_minor, after, of) - share(line.goods_minor, before, of),
        share(line.discount_minor, after, of) - share(line.discount_minor, before, of),
        share(line.shipping_minor, after, of) - share(line.shipping_minor, before, of),
        share(line.tax_minor, after, of) - share(line.tax_minor, before, of),
        share(line.duties_minor, after, of) - share(line.duties_minor, before, of),
    )


def shipped_minor(line: Line) -> int:
    """What the shipped units of a line have earned, tax and duties included."""
    return _whole(earned(line, 0, line.shipped)) if line.shipped else 0


def _whole(amounts: Amounts) -> int:
    goods, discount, shipping, tax, duties = amounts
    return goods - discount + shipping + tax + duties


def complete(order: Order) -> None:
    """Prices or the total were left out: the one that is there stands for the other."""
    if order.total_minor:
        accept_total(order)
    else:
        order.total_minor = sum(line.total_minor for line in order.lines)


def accept_total(order: Order) -> int:
    """Let the stated total stand: what its parts lack or have too much becomes goods or discount of the lines.

    Gives back the difference that was taken over. Only before anything has shipped.
    """
    lines = order.lines
    difference = order.total_minor - sum(line.total_minor for line in lines)
    for line, part in zip(lines, split(abs(difference), [max(0, line.total_minor) for line in lines]), strict=True):
        if part:
            line.touched = True
            if difference > 0:
                line.goods_minor += part
            else:
                line.discount_minor += part
    return difference


def refund(order: Order, amount_minor: int, captured_minor: int) -> RefundShare:
    """Give back money of an order, and note it on order and lines; it is capped by what was paid.

    What was paid for units that are cancelled, or beyond the total, is given back first; then what has shipped; then
    what still waits.
    """
    lines = order.lines
    shipped = [shipped_minor(line) for line in lines]
    total = sum(line.total_minor for line in lines)
    paid = max(captured_minor, total)
    before_room = max(0, paid - sum(shipped) - order.refunded_before_minor)
    after_rooms = [
        max(0, earned_minor - line.refunded_minor) for line, earned_minor in zip(lines, shipped, strict=True)
    ]
    dead = paid - total + sum(_cancelled_minor(line) for line in lines) - order.refunded_before_minor
    before = min(amount_minor, before_room, max(0, dead))
    after = min(amount_minor - before, sum(after_rooms))
    more = min(amount_minor - before - after, before_room - before)
    before += more
    order.refunded_before_minor += before
    order.refunded_minor += before + after
    goods = discount = shipping = tax = duties = 0
    for line, part in zip(lines, split(after, after_rooms) if after else [0] * len(lines), strict=True):
        if part:
            given = _given_back(line, line.refunded_minor, line.refunded_minor + part)
            line.refunded_minor += part
            line.touched = True
            goods, discount, shipping, tax, duties = (
                goods + given[0],
                discount + given[1],
                shipping + given[2],
                tax + given[3],
                duties + given[4],
            )
    over = amount_minor - before - after
    return RefundShare(before + after, before, goods, discount, shipping, tax, duties, over)


def _cancelled_minor(line: Line) -> int:
    """What was frozen for units that cannot ship any more."""
    dead = line.priced - line.live
    return _whole(earned(line, max(line.live, 0), line.priced)) if dead > 0 else 0


def _given_back(line: Line, before_minor: int, after_minor: int) -> Amounts:
    """The components of a refund of shipped units, as they earned; cumulative, so that parts add up."""
    earned_amounts = earned(line, 0, line.shipped)
    earned_minor = _whole(earned_amounts)
    discount, shipping, tax, duties = (
        _half_even(amount * after_minor, earned_minor) - _half_even(amount * before_minor, earned_minor)
        for amount in earned_amounts[1:]
    )
    goods = after_minor - before_minor + discount - shipping - tax - duties
    return goods, discount, shipping, tax, duties
