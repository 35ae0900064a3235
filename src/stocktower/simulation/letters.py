"""The post between the outside and the tower: letters are late, come twice, in another order, or written anew."""

from datetime import datetime
from random import Random

import msgspec
from msgspec import Struct, field

from stocktower.exchange import (
    AdjustmentDocument,
    ConfirmationDocument,
    InboundDocument,
    OrderDocument,
    ProductDocument,
    ReceiptDocument,
    StockDocument,
    TransferDocument,
)

Document = (
    OrderDocument
    | ProductDocument
    | StockDocument
    | ConfirmationDocument
    | InboundDocument
    | ReceiptDocument
    | TransferDocument
    | AdjustmentDocument
)


class Letter(Struct, frozen=True):
    """One message as the tower's inbox gets it."""

    source: str
    kind: str
    key: str
    document: Document

    @property
    def body(self) -> bytes:
        """The document, encoded."""
        return msgspec.json.encode(self.document)


def order_letter(shop: str, document: OrderDocument) -> Letter:
    """What a channel says of an order."""
    return Letter(shop, "order", document.order_ref, document)


def product_letter(document: ProductDocument) -> Letter:
    """What the catalogue says of a SKU."""
    return Letter("catalog", "product", document.sku, document)


def stock_letter(document: StockDocument) -> Letter:
    """What a site says it holds."""
    at = document.as_of.isoformat() if isinstance(document.as_of, datetime) else "?"
    return Letter(document.site, "stock", f"{document.site}/{at}/{document.part}", document)


def confirmation_letter(document: ConfirmationDocument) -> Letter:
    """What a site reports of an order."""
    return Letter(document.site, "confirmation", document.order, document)


def inbound_letter(document: InboundDocument) -> Letter:
    """What a supplier says that it will bring."""
    return Letter("suppliers", "inbound", document.reference, document)


def receipt_letter(document: ReceiptDocument) -> Letter:
    """What a site says that came."""
    return Letter(document.site, "receipt", document.reference, document)


def transfer_letter(document: TransferDocument) -> Letter:
    """What is said of a step of a transfer."""
    return Letter("transfers", "transfer", f"{document.reference}/{document.step}", document)


def adjustment_letter(document: AdjustmentDocument) -> Letter:
    """What a site says that it found."""
    return Letter(document.site, "adjustment", document.reference, document)


class Post(Struct):
    """Letters under way, by the step at which they arrive."""

    random: Random
    under_way: list[tuple[int, Letter]] = field(default_factory=list[tuple[int, Letter]])
    sent: list[Letter] = field(default_factory=list[Letter])

    def send(self, letter: Letter, step: int, *, prompt: bool = False) -> None:
        """Send a letter at a step; a prompt one arrives at once, others may be late, and may come again."""
        self.sent.append(letter)
        self.under_way.append((step + (0 if prompt else self._delay()), letter))
        if self.random.random() < 0.15:
            self.under_way.append((step + self._delay(), letter))
        if isinstance(letter.document, ConfirmationDocument) and self.random.random() < 0.08:
            again = msgspec.structs.replace(letter.document, row=self.random.randint(2, 90))
            self.under_way.append((step + self._delay(), confirmation_letter(again)))

    def _delay(self) -> int:
        way = self.random.random()
        if way < 0.6:
            return 0
        return self.random.randint(1, 3) if way < 0.9 else self.random.randint(4, 10)

    def deliver(self, step: int) -> list[Letter]:
        """The letters that have arrived by a step, in no order."""
        due = [letter for at, letter in self.under_way if at <= step]
        self.under_way = [(at, letter) for at, letter in self.under_way if at > step]
        self.random.shuffle(due)
        return due
