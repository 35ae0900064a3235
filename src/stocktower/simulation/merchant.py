"""A small merchant made from a seed: its sites, channels, goods, and the configuration file that says so."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from stocktower.exchange import ProductDocument

TIMEZONE = "America/New_York"
HANDLING_DAYS = 1
SHIP_BY_HOURS = 48
PROTECT_HOURS = 12
"""Nothing is taken of an order so shortly before it has to ship."""
VIP = "vip"
EXTEND_MINUTES, LONGEST_MINUTES = 30, 240
"""How long the payment of a cart keeps what it holds."""


class Place(Struct, frozen=True):
    """A site."""

    code: str
    kind: str
    entity: str
    country: str
    region: str
    priority: int
    protected: bool = False
    bins: bool = False
    """It keeps bins."""

    @property
    def is_ours(self) -> bool:
        """Whether what lies there is ours, so that it is valued."""
        return self.kind != "dropship"


class Shop(Struct, frozen=True):
    """A sales channel."""

    code: str
    kind: str
    entity: str
    currency: str
    sites: tuple[str, ...]
    countries: tuple[str, ...]
    live_from: datetime
    tax_included: bool = False
    marketplace_tax: bool = False
    terms_days: int | None = None
    ship_partial: bool = False
    priority: int = 50
    max_splits: int = 3
    min_shelf_life_days: int = 0
    publish_every_minutes: int = 60


class Good(Struct, frozen=True):
    """A SKU; a kit has components."""

    sku: str
    name: str
    price_minor: int
    costs: tuple[int, ...]
    """Unit costs at which it may come in; one only: its value can be told exactly."""
    components: tuple[tuple[str, int], ...] = ()
    case: int = 0
    """Stock units in a case; 0: no case."""
    by_lot: bool = False
    """It is tracked by lot."""
    materials: tuple[tuple[str, int], ...] = ()
    """What it is made of; it is stocked itself."""


class Offer(Struct, frozen=True):
    """How a channel names a good."""

    shop: str
    listing: str
    sku: str
    pack: int
    mapped: bool
    """False: the mapping comes late."""
    by_code: bool
    """True: the listing is the SKU's code or name, so that nobody has to map it."""


class Merchant(Struct, frozen=True):
    """Everything that does not change in a run."""

    places: tuple[Place, ...]
    shops: tuple[Shop, ...]
    goods: tuple[Good, ...]
    offers: tuple[Offer, ...]
    currencies: dict[str, str]
    """Book currency by legal entity."""
    safety: tuple[tuple[str, str, int], ...]
    """(site, SKU, units)"""
    asides: tuple[tuple[str, str, int], ...]
    """(channel, SKU, units)"""
    prefer: tuple[str, ...]
    preorders: tuple[str, ...]
    """SKUs that may be ordered before they are there."""
    ranked: bool
    """Orders of some customers are served before others, and take from them what is not released."""

    def place(self, code: str) -> Place:
        """A site by its code."""
        return next(place for place in self.places if place.code == code)

    def shop(self, code: str) -> Shop:
        """A channel by its code."""
        return next(shop for shop in self.shops if shop.code == code)

    def good(self, sku: str) -> Good:
        """A good by its SKU."""
        return next(good for good in self.goods if good.sku == sku)

    def parts(self, sku: str) -> tuple[tuple[str, int], ...]:
        """The stocked SKUs that one unit of a SKU is made of."""
        return self.good(sku).components or ((sku, 1),)

    def offer(self, shop: str, listing: str) -> Offer:
        """What a listing stands for."""
        return next(offer for offer in self.offers if (offer.shop, offer.listing) == (shop, listing))

    @property
    def stocked(self) -> tuple[Good, ...]:
        """The goods that are not kits."""
        return tuple(good for good in self.goods if not good.components)


def make_merchant(random: Random, start: datetime) -> Merchant:
    """A merchant of two to four sites, two or three channels (one of them in euros, tax included), 10 to 30 SKUs."""
    books = random.choice(("one entity", "two entities", "two entities, shared sites"))
    places = _make_places(random, books)
    shops = _make_shops(random, books, places, start)
    goods = _make_goods(random)
    early = random.sample([good for good in goods if not (good.components or good.by_lot)], 3)
    return Merchant(
        places=places,
        shops=shops,
        goods=goods,
        offers=_make_offers(random, shops, goods, early),
        currencies={"main": "USD"} if books == "one entity" else {"main": "USD", "eu": "EUR"},
        safety=tuple(
            (place.code, good.sku, random.randint(1, 4))
            for place in places
            for good in goods
            if not good.components and random.random() < 0.1
        ),
        asides=tuple(
            (shop.code, good.sku, random.randint(2, 8))
            for good in goods
            for shop in shops
            if not good.components and random.random() < 0.07
        ),
        prefer=tuple(random.sample(("protected", "splits", "priority", "distance"), 4)),
        preorders=tuple(good.sku for good in early),
        ranked=random.random() < 0.6,
    )


def _make_places(random: Random, books: str) -> tuple[Place, ...]:
    places = [Place("EAST", "warehouse", "main", "US", "NJ", 10, bins=True)]
    if books == "two entities":
        places.append(Place("EU", "3pl", "eu", "DE", "", 10))
    more = [
        Place("WEST", "warehouse", "main", "US", "CA", 20),
        Place("STORE", "store", "main", "US", "NY", 30, protected=True),
        Place("DROP", "dropship", "main", "US", "TX", 60),
    ]
    random.shuffle(more)
    return (*places, *more[: random.randint(1, 4 - len(places))])


def _make_shops(random: Random, books: str, places: tuple[Place, ...], start: datetime) -> tuple[Shop, ...]:
    american = [place.code for place in places if place.entity == "main"]

    def some() -> tuple[str, ...]:
        return tuple(sorted(random.sample(american, random.randint(1, len(american)))))

    def partial() -> bool:
        return random.random() < 0.5

    live = start - timedelta(days=2)
    eu_sites = ("EU",) if books == "two entities" else tuple(code for code in american if code != "DROP")
    eu_entity = "main" if books == "one entity" else "eu"
    shops = [
        Shop("web", "shopify", "main", "USD", tuple(sorted(american)), ("US", "CA"), live, ship_partial=partial(),
             priority=random.choice((10, 50)), max_splits=random.randint(1, 3),
             min_shelf_life_days=random.choice((0, 2))),
        Shop("eu", "shopify", eu_entity, "EUR", eu_sites, ("DE", "FR", "IT"), live, tax_included=True,
             ship_partial=partial(), max_splits=random.randint(1, 3)),
    ]  # fmt: skip
    third = random.choice((None, "amz", "b2b"))
    if third == "amz":
        shops.append(Shop("amz", "amazon", "main", "USD", some(), ("US",), live, marketplace_tax=True, priority=20))
    elif third == "b2b":
        shops.append(Shop("b2b", "b2b", "main", "USD", some(), ("US", "CA"), live, terms_days=30,
                          ship_partial=partial(), priority=70))  # fmt: skip
    return tuple(shops)


def _make_goods(random: Random) -> tuple[Good, ...]:
    steady = random.random() < 0.6
    goods: list[Good] = []
    for number in range(random.randint(9, 22)):
        cost = random.randint(100, 4000)
        costs = (cost,) if steady else tuple(cost + random.randint(-40, 40) for _ in range(3))
        goods.append(
            Good(f"S-{number:02}", f"Thing {number}", cost * 2 + random.randint(0, 99), costs,
                 case=random.choice((0, 0, 6, 12)))
        )  # fmt: skip
    for place in random.sample(range(len(goods)), random.randint(1, 3)):
        goods[place] = replace(goods[place], by_lot=True, case=0)
    stocked = [good for good in goods if not good.by_lot]
    for number in range(random.randint(1, 2)):
        materials = tuple((part.sku, random.randint(1, 2)) for part in random.sample(stocked, 2))
        cost = sum(part.costs[0] * units for part in stocked for sku, units in materials if part.sku == sku)
        goods.append(Good(f"M-{number:02}", f"Made {number}", cost * 2, (cost,), materials=materials))
    for number in range(random.randint(1, 6)):
        parts = random.sample(stocked, random.randint(2, 3))
        components = tuple((part.sku, random.randint(1, 3)) for part in parts)
        price = sum(part.price_minor * units for part, (_, units) in zip(parts, components, strict=True))
        goods.append(Good(f"K-{number:02}", f"Set {number}", price * 9 // 10, (), components))
    return tuple(goods)


def _make_offers(
    random: Random, shops: tuple[Shop, ...], goods: tuple[Good, ...], early: Sequence[Good]
) -> tuple[Offer, ...]:
    """Two thirds of all goods in each channel, and those that may be ordered before they are there."""
    offers: list[Offer] = []
    for shop in shops:
        some = random.sample(goods, max(5, len(goods) * 2 // 3))
        for good in [*some, *(good for good in early if good not in some)]:
            way = random.random()
            if way < 0.6:
                offers.append(Offer(shop.code, good.sku, good.sku, 1, True, True))
            elif way < 0.7:
                offers.append(Offer(shop.code, f"name:{good.name}", good.sku, 1, True, True))
            else:
                pack = 1 if good.by_lot else random.choice((1, 2, 3))
                late = random.random() < 0.3
                offers.append(
                    Offer(shop.code, f"{shop.code.upper()}-{good.sku}-{pack}", good.sku, pack, not late, False)
                )
    return tuple(offers)


def configuration_text(merchant: Merchant, *, rules: bool) -> str:
    """The merchant's stocktower.toml; without rules it names no SKU."""
    lines = [
        f'[merchant]\ncode = "simulated"\nname = "Simulated Goods"\ntimezone = "{TIMEZONE}"\n',
        f"[sourcing]\nprefer = [{', '.join(repr(key) for key in merchant.prefer)}]\n",
        '[[rates]]\nsource = "EUR"\ntarget = "USD"\nrate = "1.0850"\n',
        '[[rates]]\nsource = "USD"\ntarget = "EUR"\nrate = "0.9200"\n',
        f"[promises]\nhandling_days = {HANDLING_DAYS}\n",
        f"[holds]\nextend_minutes = {EXTEND_MINUTES}\nlongest_minutes = {LONGEST_MINUTES}\n",
    ]
    if merchant.ranked:
        lines.append(
            f'[[priorities]]\nrank = 5\nname = "first"\ncustomer_classes = ["{VIP}"]\ntakes = true\n\n'
            '[[priorities]]\nrank = 60\nname = "others"\ngives = true\n'
            f"protect_hours = {PROTECT_HOURS}\n"
        )
    for code, currency in merchant.currencies.items():
        lines.append(f'[[entities]]\ncode = "{code}"\nname = "{code} Ltd"\ncurrency = "{currency}"\n')
    lines += [_site_text(place) for place in merchant.places]
    lines += [_channel_text(shop) for shop in merchant.shops]
    if rules:
        for site, sku, units in merchant.safety:
            lines.append(f'[[safety_stock]]\nsite = "{site}"\nsku = "{sku}"\nquantity = {units}\n')
        for shop_code, sku, units in merchant.asides:
            lines.append(f'[[set_asides]]\nchannel = "{shop_code}"\nsku = "{sku}"\nquantity = {units}\n')
        lines += [f'[[preorders]]\nsku = "{sku}"\n' for sku in merchant.preorders]
    return "\n".join(lines)


def _site_text(place: Place) -> str:
    return (
        f'[[sites]]\ncode = "{place.code}"\nname = "{place.code}"\nkind = "{place.kind}"\n'
        f'entity = "{place.entity}"\ncountry = "{place.country}"\nregion = "{place.region}"\n'
        f"priority = {place.priority}\nprotected = {_word(place.protected)}\nacknowledge_hours = 6\n"
        f"bins = {_word(place.bins)}\n"
    )


def _channel_text(shop: Shop) -> str:
    sites = ", ".join(repr(site) for site in shop.sites)
    terms = "" if shop.terms_days is None else f"terms_days = {shop.terms_days}\n"
    return (
        f'[[channels]]\ncode = "{shop.code}"\nname = "{shop.code}"\nkind = "{shop.kind}"\n'
        f'entity = "{shop.entity}"\ncurrency = "{shop.currency}"\nlive_from = {shop.live_from.isoformat()}\n'
        f"priority = {shop.priority}\nsites = [{sites}]\ntax_included = {_word(shop.tax_included)}\n"
        f"marketplace_tax = {_word(shop.marketplace_tax)}\nship_partial = {_word(shop.ship_partial)}\n"
        f"max_splits = {shop.max_splits}\nauthorization_days = 3\nship_by_hours = {SHIP_BY_HOURS}\n"
        f"publish_every_minutes = {shop.publish_every_minutes}\n{terms}"
        f"min_shelf_life_days = {shop.min_shelf_life_days}\n"
    )


def _word(value: bool) -> str:
    return str(value).lower()


def product_document(merchant: Merchant, sku: str, *, late: bool) -> ProductDocument:
    """A good as the catalogue states it; `late`: with the listings that were forgotten at first."""
    good = merchant.good(sku)
    return ProductDocument(
        sku=good.sku,
        name=good.name,
        cost_minor=good.costs[0] if good.costs else None,
        price_minor=good.price_minor,
        currency="USD",
        components=good.components,
        materials=good.materials,
        tracking="lot" if good.by_lot else "",
        units=(("case", good.case),) if good.case else (),
        listings=tuple(
            (offer.shop, offer.listing, offer.pack)
            for offer in merchant.offers
            if offer.sku == sku and not offer.by_code and (late or offer.mapped)
        ),
    )
