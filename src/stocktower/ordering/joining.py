"""Units that a channel adds to lines of an order, or takes from them, and the price that goes with them. Pure."""

from collections.abc import Mapping, Sequence

from stocktower.catalog import Resolved
from stocktower.exchange import LineDocument

from . import amounts
from .capture import components_of
from .model import Line, Order


def price(line: Line, share: amounts.Amounts) -> None:
    """Set what a line is worth."""
    line.goods_minor, line.discount_minor, line.shipping_minor, line.tax_minor, line.duties_minor = share
    line.touched = True


def to_cancel(order: Order, ref: str, units: int, wanted: int) -> list[tuple[Line, int]]:
    """The units of a line to cancel, the last lines of its name first; what people cancelled already counts."""
    lines = [line for line in order.lines if line.line_ref == ref]
    units = min(units, max(0, sum(line.live for line in lines) - wanted))
    found: list[tuple[Line, int]] = []
    for line in reversed(lines):
        part = min(units, line.live - line.shipped)
        if part > 0:
            found.append((line, part))
            units -= part
    return found


def add_units(
    order: Order,
    stated: LineDocument,
    before: LineDocument | None,
    units: int,
    resolved: Mapping[str, Resolved],
) -> int:
    """Units join a line that nothing has shipped of, else they make a line of their own; gives its number.

    What joins and is cancelled already stands as a line too: it is part of the total.
    """
    known = [line for line in order.lines if line.line_ref == stated.line_ref]
    again = min(units, max(0, before.cancelled - stated.cancelled)) if before else 0
    for line in known:
        if not line.shipped:
            # What was cancelled and is not any more has its price already.
            line.priced += units - min(again, max(0, line.priced - line.live))
            line.ordered += units
            line.open += units
            line.touched = True
            if line.demanded:
                line.grown += units
            return line.line_no
    dead = stated.quantity - units if before is None else 0
    back, taken = _take_back(known, again)
    frozen = _freeze_more(order, stated, before, dead + units - back)
    goods, discount, shipping, tax, duties = (own + of_known for own, of_known in zip(frozen, taken, strict=True))
    line_no = max((line.line_no for line in order.lines), default=0) + 1
    found = resolved.get(stated.listing)
    sku_id, pack = (None, 1) if found is None else (found.sku_id, found.pack_quantity)
    components = () if found is None or not stated.requires_shipping else components_of(found)
    if known:
        sku_id, pack, components = known[0].sku_id, known[0].pack_quantity, known[0].components
    order.lines.append(
        Line(
            line_no, stated.line_ref, stated.listing, stated.name, sku_id, pack, ordered=dead + units, open=units,
            backordered=0, allocated=0, released=0, shipped=0, cancelled=dead, priced=dead + units, goods_minor=goods,
            discount_minor=discount, shipping_minor=shipping, tax_minor=tax, duties_minor=duties, refunded_minor=0,
            ships=stated.requires_shipping, components=components, is_new=True,
        )
    )  # fmt: skip
    return line_no


def _freeze_more(order: Order, stated: LineDocument, before: LineDocument | None, units: int) -> amounts.Amounts:
    """What units are worth that a line has more than before."""
    base = before or LineDocument(stated.line_ref, stated.listing, stated.name, 0, 0)
    more = LineDocument(
        stated.line_ref,
        stated.listing,
        stated.name,
        units,
        stated.unit_price_minor,
        stated.discount_minor - base.discount_minor,
        (stated.tax_minor or 0) - (base.tax_minor or 0),
        (stated.shipping_minor or 0) - (base.shipping_minor or 0),
        duties_minor=(stated.duties_minor or 0) - (base.duties_minor or 0),
    )
    return amounts.freeze_line(more, order.tax_included)


def _take_back(known: Sequence[Line], units: int) -> tuple[int, amounts.Amounts]:
    """Units that were cancelled and are not any more bring the price that was frozen for them: how many, and that."""
    back, taken = 0, (0, 0, 0, 0, 0)
    for line in known:
        part = min(units - back, line.priced - max(line.live, line.shipped))
        if part > 0:
            share = amounts.earned(line, line.priced - part, line.priced)
            price(line, amounts.earned(line, 0, line.priced - part))
            line.priced -= part
            goods, discount, shipping, tax, duties = (one + other for one, other in zip(taken, share, strict=True))
            taken = goods, discount, shipping, tax, duties
            back += part
    return back, taken
