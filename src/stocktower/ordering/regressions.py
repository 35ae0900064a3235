"""Whether a channel's word about an order is an older one that came late. Pure."""

from stocktower.exchange import Address, LineDocument, OrderDocument

from .capture import shipped_of
from .model import Order

_MONEY_RANK = {
    "pending": 0,
    "authorized": 1,
    "partially_paid": 2,
    "voided": 3,
    "paid": 3,
    "partially_refunded": 4,
    "refunded": 5,
}
_SHIPPED_RANK = {"unfulfilled": 0, "partial": 1, "fulfilled": 2}


def find_regressions(old: OrderDocument, new: OrderDocument) -> list[str]:
    """What a document takes back of an earlier one; not empty: it is older, and came late."""
    found: list[str] = []
    if new.stated_at is not None and old.stated_at is not None and new.stated_at < old.stated_at:
        found.append(f"it was said at {new.stated_at:%Y-%m-%d %H:%M}, before what is known")
    if new.currency and old.currency and new.currency != old.currency:
        found.append(f"its money was {old.currency}, it says {new.currency}")
    if old.cancelled_at is not None and new.cancelled_at is None:
        found.append("it was cancelled already")
    if new.refunded_minor < old.refunded_minor:
        found.append(f"{old.refunded_minor} was refunded already, it says {new.refunded_minor}")
    more_is_owed = new.financial_state == "partially_paid" and new.total_minor > old.total_minor
    if not more_is_owed and _money_rank(new) < _money_rank(old):
        found.append(f"it was {old.financial_state} already, it says {new.financial_state}")
    if _SHIPPED_RANK.get(new.fulfillment_state, 0) < _SHIPPED_RANK.get(old.fulfillment_state, 0):
        found.append(f"it was {old.fulfillment_state} already, it says {new.fulfillment_state}")
    shipped = {line.line_ref: shipped_of(line, old) for line in old.lines}
    for line in new.lines:
        if shipped_of(line, new) < min(shipped.get(line.line_ref, 0), line.quantity - line.cancelled):
            found.append(f"more of line {line.line_ref} had shipped already")
    return found


def _money_rank(document: OrderDocument) -> int:
    """How far the money of an order is; an authorisation that has lapsed is as far as one that has not."""
    if document.financial_state == "pending" and any(one.state == "expired" for one in document.payments):
        return _MONEY_RANK["authorized"]
    return _MONEY_RANK.get(document.financial_state, 0)


def restate(order: Order) -> OrderDocument:
    """The last document of an order as far as the order still tells it, for when the message itself was erased."""
    state = "pending" if order.payment_state == "unpaid" else order.payment_state
    return OrderDocument(
        order_ref=order.order_ref,
        number=order.number,
        placed_at=order.placed_at,
        currency=order.currency,
        lines=tuple(
            LineDocument(line.line_ref, line.listing, line.name, line.ordered, 0, cancelled=line.cancelled)
            for line in order.lines
        ),
        goods_minor=order.goods_minor,
        discount_minor=order.discount_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        duties_minor=order.duties_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        tax_included=order.tax_included,
        financial_state="voided" if state == "expired" else state,
        ship_to=Address(region=order.ship_region, country=order.ship_country),
    )
