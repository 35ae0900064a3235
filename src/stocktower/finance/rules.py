"""The posting rules: an event and the balances as they stand in, a balanced journal and the balances after it out."""

from collections.abc import Sequence

from msgspec.structs import replace

from . import assembly, goods, transit
from .amounts import in_book, part_of
from .facts import Facts, Plan, Posting, StockKey
from .happenings import Assembled, Happening, PaymentCaptured, RefundIssued, Shipped, StockChanged, TransferMoved
from .model import Entry, ForeignBalance, Journal, OrderBalance
from .model import PostingRole as Role

Line = tuple[Role, int, int | None]
"""(role, amount: debit positive, its book amount where that is already known)"""

# Methods that move no money: what is given back is taken off what the customer owes.
NO_TENDER = frozenset({"", "none", "terms", "invoice", "net", "receivable"})


def decide_journals(happenings: Sequence[Happening], facts: Facts) -> Plan:
    """Journals for events in order, each decided on the balances that the ones before it left."""
    orders, stock, under_way = dict(facts.orders), dict(facts.stock), dict(facts.transit)
    current = replace(facts, orders=orders, stock=stock, transit=under_way)
    plan = Plan([], {}, {}, [], [], {}, [])
    for happening in happenings:
        posting = decide_journal(happening, current)
        if posting is None:
            continue
        plan.journals.append(posting.journal)
        if posting.order is not None:
            orders[posting.order.order_id] = plan.orders[posting.order.order_id] = posting.order
        for valuation in posting.valuations:
            key: StockKey = (valuation.entity, valuation.sku_id)
            stock[key] = plan.valuations[key] = valuation
        for line in posting.transits:
            place = (line.transfer_id, line.line_no)
            under_way[place] = plan.transits[place] = line
        plan.transit_entries.extend(posting.transit_entries)
        plan.valuation_entries.extend(posting.valuation_entries)
        plan.unknown_costs.extend(posting.unknown_costs)
    return plan


def decide_journal(happening: Happening, facts: Facts) -> Posting | None:
    """What one event does to the books; None where it moves neither money nor goods of ours."""
    data = happening.data
    if isinstance(data, Shipped):
        return _decide_sale(happening, data, facts)
    if isinstance(data, PaymentCaptured):
        return _decide_payment(happening, data, facts)
    if isinstance(data, RefundIssued):
        return _decide_refund(happening, data, facts)
    if isinstance(data, TransferMoved):
        return _decide_transfer(happening, data, facts)
    if isinstance(data, Assembled):
        moved = assembly.carry_value(happening, data, facts)
        return _goods(happening, assembly.describe(happening.kind, data), moved)
    return _decide_stock(happening, data, facts)


def _decide_payment(happening: Happening, data: PaymentCaptured, facts: Facts) -> Posting | None:
    """Money came in: it settles what is owed first, the rest is paid ahead."""
    balance = _balance(data.order_id, data.entity, data.currency, facts)
    owed = min(data.amount_minor, balance.receivable_minor)
    lines: list[Line] = [
        (_tender(data.channel_id, data.method, facts), data.amount_minor, None),
        (Role.RECEIVABLE, -owed, _known(-owed, balance.receivable_book_minor, balance.receivable_minor)),
        (Role.CUSTOMER_DEPOSITS, owed - data.amount_minor, None),
    ]
    return _post(happening, data.entity, f"Payment by {data.method or 'unknown method'}", lines, balance, facts)


def _decide_sale(happening: Happening, data: Shipped, facts: Facts) -> Posting | None:
    """Control passed: revenue from what was paid ahead first, the rest is owed; the goods leave at their cost.

    Tax that a marketplace remits was paid ahead with the rest; it stays with whoever collected the money.
    """
    balance = _balance(happening.subject_id, data.entity, data.currency, facts)
    share = data.revenue
    goods_minor = sum(line.goods_minor for line in share)
    discount = sum(line.discount_minor for line in share)
    shipping = sum(line.shipping_minor for line in share)
    stated_tax = sum(line.tax_minor for line in share)
    tax = 0 if data.marketplace_tax else stated_tax
    duties = sum(line.duties_minor for line in share)
    due = goods_minor - discount + shipping + tax + duties
    ahead = min(due, balance.deposits_minor)
    kept = min(max(0, stated_tax - tax), balance.deposits_minor - ahead)
    used = ahead + kept
    is_marketplace = data.channel_id in facts.marketplaces
    lines: list[Line] = [
        (Role.CUSTOMER_DEPOSITS, used, _known(used, balance.deposits_book_minor, balance.deposits_minor)),
        (Role.MARKETPLACE_CLEARING if is_marketplace else Role.RECEIVABLE, due - ahead, None),
        (Role.MARKETPLACE_CLEARING if is_marketplace else Role.PROCESSOR_CLEARING, -kept, None),
        (Role.DISCOUNTS, discount, None),
        (Role.GROSS_REVENUE, -goods_minor, None),
        (Role.SHIPPING_REVENUE, -shipping, None),
        (Role.TAX_PAYABLE, -tax, None),
        (Role.DUTIES_PAYABLE, -duties, None),
    ]
    issued = goods.issue_sold(happening, data, facts)
    return _post(happening, data.entity, f"Shipment {data.number}".strip(), lines, balance, facts, issued)


def _decide_refund(happening: Happening, data: RefundIssued, facts: Facts) -> Posting | None:
    """Money went back: of what was paid ahead, then of the sale; what the parts do not explain is an allowance."""
    balance = _balance(data.order_id, data.entity, data.currency, facts)
    tax = 0 if data.marketplace_tax else data.after.tax_minor
    duties = data.after.duties_minor
    amount = data.amount_minor - (data.after.tax_minor - tax)
    ahead = min(data.before_shipment_minor, balance.deposits_minor)
    too_much = data.before_shipment_minor - ahead
    lines: list[Line] = [
        (Role.CUSTOMER_DEPOSITS, ahead, _known(ahead, balance.deposits_book_minor, balance.deposits_minor)),
        (Role.RECEIVABLE, too_much, None),
        (Role.SALES_RETURNS, amount - data.before_shipment_minor - data.after.shipping_minor - tax - duties, None),
        (Role.SHIPPING_REFUNDED, data.after.shipping_minor, None),
        (Role.TAX_PAYABLE, tax, None),
        (Role.DUTIES_PAYABLE, duties, None),
    ]
    if data.method.lower() in NO_TENDER and data.channel_id not in facts.marketplaces:
        owed = min(amount, balance.receivable_minor)
        lines.append((Role.RECEIVABLE, -owed, _known(-owed, balance.receivable_book_minor, balance.receivable_minor)))
        lines.append((Role.CUSTOMER_DEPOSITS, owed - amount, None))
    else:
        lines.append((_tender(data.channel_id, data.method, facts), -amount, None))
    return _post(happening, data.entity, f"Refund by {data.method or 'credit'}", lines, balance, facts)


def _decide_stock(happening: Happening, data: StockChanged, facts: Facts) -> Posting | None:
    """Goods of ours came or went without a sale."""
    moved = goods.move_stock(happening, data, facts)
    if moved is None:
        return None
    return _goods(happening, goods.describe(happening.kind, data), moved)


def _goods(happening: Happening, description: str, moved: goods.Moved) -> Posting:
    journal = _journal(happening, moved.entity, description, moved.entries)
    return Posting(journal, None, moved.valuations, moved.valuation_entries, moved.unknown_costs)


def _decide_transfer(happening: Happening, data: TransferMoved, facts: Facts) -> Posting | None:
    """Goods of ours go into transit, or come out of it."""
    posting = transit.TransferPosting(happening, data, facts)
    if not posting.post():
        return None
    return Posting(
        _journal(happening, posting.entity, transit.describe(happening.kind, data), posting.entries),
        None,
        tuple(posting.valuations.values()),
        tuple(posting.valuation_entries),
        tuple(posting.unknown_costs),
        tuple(posting.transits.values()),
        tuple(posting.transit_entries),
    )


def _post(
    happening: Happening,
    entity: str,
    description: str,
    lines: Sequence[Line],
    balance: OrderBalance,
    facts: Facts,
    issued: goods.Moved | None = None,
) -> Posting | None:
    """The journal of an order's event: its lines in both currencies, and the goods that it moved."""
    lines = [line for line in lines if line[1]]
    amounts = [amount for _, amount, _ in lines]
    if sum(amounts):
        raise ArithmeticError(f"event {happening.position} would post {sum(amounts)} more debit than credit")
    books, difference = _books(happening, entity, balance.currency, lines, amounts, facts)
    accounts, currency = facts.accounts, balance.currency
    entries = [
        Entry(entity, accounts[role], currency, amount, book)
        for (role, amount, _), book in zip(lines, books, strict=True)
    ]
    if difference:
        entries.append(Entry(entity, accounts[Role.FX_DIFFERENCE], currency, 0, difference))
    if issued is not None:
        entries.extend(issued.entries)
    if not entries:
        return None
    journal = _journal(happening, entity, description, entries)
    after = _after(balance, lines, books)
    if issued is None:
        return Posting(journal, after)
    return Posting(journal, after, issued.valuations, issued.valuation_entries, issued.unknown_costs)


def _books(
    happening: Happening, entity: str, currency: str, lines: Sequence[Line], amounts: list[int], facts: Facts
) -> tuple[list[int], int]:
    if currency == facts.currency_of(entity):
        return amounts, 0
    day = happening.occurred_on
    known = [book for _, _, book in lines]
    return in_book(amounts, known, lambda minor: facts.convert(minor, currency, entity, day))


def _after(balance: OrderBalance, lines: Sequence[Line], books: Sequence[int]) -> OrderBalance | None:
    """The order's balance after these lines; None where they do not touch it."""
    deposits = deposits_book = receivable = receivable_book = 0
    touched = False
    for (role, amount, _), book in zip(lines, books, strict=True):
        if role is Role.CUSTOMER_DEPOSITS:
            deposits, deposits_book, touched = deposits - amount, deposits_book - book, True
        elif role is Role.RECEIVABLE:
            receivable, receivable_book, touched = receivable + amount, receivable_book + book, True
    if not touched:
        return None
    return OrderBalance(
        balance.order_id,
        balance.entity,
        balance.currency,
        balance.deposits_minor + deposits,
        balance.deposits_book_minor + deposits_book,
        balance.receivable_minor + receivable,
        balance.receivable_book_minor + receivable_book,
    )


def _balance(order_id: int, entity: str, currency: str, facts: Facts) -> OrderBalance:
    """The order's balance; raises ForeignBalance where it stands in another entity or currency."""
    known = facts.orders.get(order_id)
    if known is None:
        return OrderBalance(order_id, entity, currency)
    if known.entity == entity and known.currency == currency:
        return known
    if known.deposits_minor or known.receivable_minor:
        raise ForeignBalance(
            f"order {order_id} has its balance in {known.currency} of {known.entity}, not in {currency} of {entity}"
        )
    return OrderBalance(order_id, entity, currency)


def _known(amount: int, book: int, whole: int) -> int | None:
    """The book amount of a part of a balance, with the sign of the part; None for nothing."""
    if not amount:
        return None
    share = part_of(book, abs(amount), whole)
    return share if amount > 0 else -share


def _tender(channel_id: int, method: str, facts: Facts) -> Role:
    """Where the money of a method lies; a gift card is a liability that is used up."""
    if channel_id in facts.marketplaces:
        return Role.MARKETPLACE_CLEARING
    if method.lower().replace(" ", "_") in ("gift_card", "store_credit"):
        return Role.GIFT_CARD_LIABILITY
    return Role.PROCESSOR_CLEARING


def _journal(happening: Happening, entity: str, description: str, entries: Sequence[Entry]) -> Journal:
    return Journal(
        happening.position,
        entity,
        happening.kind,
        happening.subject,
        happening.subject_id,
        happening.occurred_on,
        happening.recorded_at,
        description,
        tuple(entries),
    )
