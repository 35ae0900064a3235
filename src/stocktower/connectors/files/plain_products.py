"""Products as plain CSV: one row a SKU, with its kit components, units and listings.

Columns: sku and name are needed; barcode, category, unit (the stock unit), weight_grams, cost, price, currency,
backorder, active, tracking (none, lot or serial), components (of a kit) and materials (of an assembled SKU)
`SKU:2;SKU2:1`, units `case:12;pallet:480`, listings `channel=key*pack;channel2=key2`; supplier, moq, order_multiple and
lead_time_days (how it is ordered).
"""

from stocktower.exchange import ProductDocument

from . import grouping
from .amounts import Money, read_flag, read_quantity
from .columns import Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .single_rows import keys_in, state_once
from .text import Record

_LONGEST = 200
_TRACKING = {"none": "none", "no": "none", "lot": "lot", "batch": "lot", "serial": "serial", "serial number": "serial"}


class PlainProducts:
    """Translates one product."""

    kind = "product"
    convention: bool | None = None
    date_columns: tuple[int, ...] = ()

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        find, need = columns.find, columns.need
        self.sku = need("sku", "item code", "article", "product code", "code")
        self.name = need("name", "product name", "title", "item name", "description")
        self.barcode, self.category = find("barcode", "ean", "upc", "gtin"), find("category", "product type", "type")
        self.unit = find("unit", "stock unit", "uom", "unit of measure")
        self.weight = find("weight_grams", "weight g", "grams", "variant grams")
        self.cost, self.price = find("cost", "unit cost", "cost price"), find("price", "unit price", "list price")
        self.currency = find("currency", "currency code")
        self.backorder, self.active = find("backorder", "allow backorder"), find("active", "is active")
        self.components = find("components", "bundle", "kit components")
        self.materials = find("materials", "bill of materials", "bom")
        self.tracking = find("tracking", "tracked by")
        self.units, self.listings = find("units", "units of measure", "packs"), find("listings", "channel skus")
        self.supplier = find("supplier", "vendor", "supplier name")
        self.moq = find("moq", "minimum order quantity", "min order qty", "minimum order")
        self.multiple = find("order_multiple", "order multiple", "lot size", "multiple")
        self.lead_time = find("lead_time_days", "lead time", "lead time days", "leadtime")
        self._money: dict[str, Money] = {}
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Products have no dates."""

    def keys(self) -> grouping.KeyOf:
        """The SKU of a row."""
        return keys_in(self.sku, self._delimiter)

    def statements(self, group: Group) -> Group:
        """Each SKU once."""
        self.line = group[-1][-1].line
        return state_once(group, "sku", "SKU")

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The product that a row states; raises Unreadable."""
        f = rows[0].fields
        self.line = rows[0].line
        if key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("sku", "the row has no usable SKU", "give the product its SKU")
        name = f[self.name].strip() or key
        if len(name) > 2 * _LONGEST:
            raise Unreadable("name", "the name is too long to be one", "check the columns of the row")
        currency = f[self.currency].strip().upper() or self._source.currency
        weight = f[self.weight].strip()
        document = ProductDocument(
            sku=key,
            name=name,
            barcode=f[self.barcode].strip().lstrip("'"),
            category=f[self.category].strip(),
            stock_unit=f[self.unit].strip() or "each",
            weight_grams=read_quantity(weight, "weight_grams") if weight else None,
            cost_minor=self._amount(f[self.cost], "cost", currency),
            price_minor=self._amount(f[self.price], "price", currency),
            currency=currency,
            backorder=read_flag(f[self.backorder], "backorder"),
            active=read_flag(f[self.active], "active", default=True),
            components=_pairs(f[self.components], "components", "SKU:2;SKU2:1"),
            materials=_pairs(f[self.materials], "materials", "SKU:2;SKU2:1"),
            tracking=self._tracking(f[self.tracking]),
            units=_pairs(f[self.units], "units", "case:12;pallet:480"),
            listings=_listings(f[self.listings]),
            supplier=f[self.supplier].strip(),
            moq=_number(f[self.moq], "moq", 1),
            order_multiple=_number(f[self.multiple], "order_multiple", 1),
            lead_time_days=_number(f[self.lead_time], "lead_time_days", 0),
        )
        if any(component == key for component, _ in document.components):
            raise Unreadable("components", "a kit is not its own component", "name the SKUs that it is made of")
        return [Reading("product", "catalog", key, document, 1, 1)]

    def _tracking(self, text: str) -> str:
        stated = text.strip().lower()
        if stated and stated not in _TRACKING:
            raise Unreadable("tracking", f"{text!r} is no way to track units", "write none, lot or serial")
        return _TRACKING.get(stated, "")

    def _amount(self, text: str, column: str, currency: str) -> int | None:
        if not text.strip():
            return None
        if not currency:
            raise Unreadable("currency", f"the {column} has no currency", "add a column named 'currency'")
        money = self._money.get(currency)
        if money is None:
            money = self._money[currency] = Money(currency, "currency")
        return money.read_positive(text, column)


def _number(text: str, column: str, least: int) -> int | None:
    return read_quantity(text, column, least=least) if text.strip() else None


def _pairs(text: str, column: str, example: str) -> tuple[tuple[str, int], ...]:
    """`name:number;...`, each name once."""
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, number = part.rpartition(":")
        name = name.strip()
        if not name:
            raise Unreadable(column, f"{part!r} is not a name and a number", f"write {example}")
        if name in found:
            raise Unreadable(column, f"{name!r} stands twice", f"write {example}, each name once")
        found[name] = read_quantity(number, column, least=1)
    return tuple(found.items())


def _listings(text: str) -> tuple[tuple[str, str, int], ...]:
    """`channel=key*pack;...`; a number after the last star is the pack."""
    found: dict[tuple[str, str], int] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        channel, _, listing = (piece.strip() for piece in part.partition("="))
        key, star, pack = listing.rpartition("*")
        if not star or not pack.strip().isdecimal():
            key, pack = listing, "1"
        key = key.strip()
        if not channel or not key or len(key) > 2 * _LONGEST:
            raise Unreadable(
                "listings", f"{part!r} is not a channel and its SKU", "write channel=key or channel=key*pack"
            )
        if found.setdefault((channel, key), units := read_quantity(pack, "listings", least=1)) != units:
            raise Unreadable("listings", f"{channel}={key} stands twice with different packs", "state it once")
    return tuple((channel, key, pack) for (channel, key), pack in found.items())
