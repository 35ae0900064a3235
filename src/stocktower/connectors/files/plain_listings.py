"""A channel's listings as plain CSV: one row a listing, with the SKU of ours that it sells.

Columns: listing (the channel's own SKU or id) is needed; sku (ours), pack (units of it in one sold unit), title,
barcode, price, currency (else the channel's) and status (active, inactive or removed, in the words of the channel).
"""

from stocktower.exchange import LISTING, ListingDocument

from . import grouping
from .amounts import Money, read_quantity
from .columns import Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .single_rows import keys_in, state_once
from .text import Record

_LONGEST = 400
_STATES = {
    **dict.fromkeys(
        ("active", "live", "online", "published", "listed", "enabled", "buyable", "yes", "true", "1"), "active"
    ),
    **dict.fromkeys(
        ("inactive", "paused", "offline", "draft", "hidden", "suppressed", "incomplete", "archived", "unpublished",
         "disabled", "no", "false", "0"), "inactive",
    ),
    **dict.fromkeys(("removed", "deleted", "ended", "closed", "delisted"), "removed"),
}  # fmt: skip


class PlainListings:
    """Translates one listing."""

    kind = "listing"
    convention: bool | None = None
    date_columns: tuple[int, ...] = ()

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        find, need = columns.find, columns.need
        self.listing = need(
            "listing", "channel sku", "seller sku", "variant sku", "listing id", "offer sku", "listing key"
        )
        self.sku = find("sku", "our sku", "item code", "article", "product code", "internal sku")
        self.pack = find("pack", "pack quantity", "pack size", "units per pack", "units")
        self.title = find("title", "name", "item name", "product name", "listing title")
        self.barcode = find("barcode", "ean", "upc", "gtin", "variant barcode")
        self.price, self.currency = find("price", "unit price", "variant price"), find("currency", "currency code")
        self.status = find("status", "state", "listing status")
        self._money: dict[str, Money] = {}
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Listings have no dates."""

    def keys(self) -> grouping.KeyOf:
        """The listing of a row."""
        return keys_in(self.listing, self._delimiter)

    def statements(self, group: Group) -> Group:
        """Each listing once."""
        self.line = group[-1][-1].line
        return state_once(group, "listing", "listing")

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The listing that a row states; raises Unreadable."""
        f = rows[0].fields
        self.line = rows[0].line
        if key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("listing", "the row has no usable listing", "give it the SKU or id that the channel uses")
        for column, text in (("sku", f[self.sku]), ("title", f[self.title]), ("barcode", f[self.barcode])):
            if len(text) > 2 * _LONGEST:
                raise Unreadable(column, f"the {column} is too long to be one", "check the columns of the row")
        pack, price = f[self.pack].strip(), f[self.price].strip()
        currency = f[self.currency].strip().upper() or self._source.currency
        document = ListingDocument(
            listing=key,
            sku=f[self.sku].strip(),
            barcode=f[self.barcode].strip().lstrip("'"),
            pack_quantity=read_quantity(pack, "pack", least=1) if pack else None,
            title=f[self.title].strip(),
            price_minor=self._amount(price, currency) if price else None,
            currency=currency if price else "",
            status=self._status(f[self.status]),
        )
        return [Reading(LISTING, self._source.code, key, document, 1, 1)]

    def _status(self, text: str) -> str:
        stated = text.strip().lower()
        if stated and stated not in _STATES:
            raise Unreadable("status", f"{text!r} is no state of a listing", "write active, inactive or removed")
        return _STATES.get(stated, "")

    def _amount(self, text: str, currency: str) -> int:
        if not currency:
            raise Unreadable("currency", "the price has no currency", "add a column named 'currency'")
        money = self._money.get(currency)
        if money is None:
            money = self._money[currency] = Money(currency, "currency")
        return money.read_positive(text, "price")
