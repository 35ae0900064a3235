"""Write the example merchant: eight weeks of files as its systems would have exported them. Seeded: same files each time.

Run `python examples/acme/make.py` to write the folders beside this script. Each folder is named after the instant (UTC) at
which its files arrived; `stocktower demo` imports them in that order. What to find on the first screen is in SCRIPTED.
"""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exports import Order, Sku, amazon_listing, amazon_rows, money, plain_rows, shopify_rows, stamp, total, write_csv
from goods import PURCHASED, STORY, UNWEIGHED, Goods
from shelves import Shelves

HERE = Path(__file__).parent
START = datetime(2026, 4, 13, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 8, 12, 5, tzinfo=UTC)  # Monday 08:05 in New York, after a weekend promotion
HOUR_AGO = NOW - timedelta(hours=1)
SATURDAY, SUNDAY = datetime(2026, 6, 6, 10, 0, tzinfo=UTC), datetime(2026, 6, 7, 10, 0, tzinfo=UTC)
STEPS = [START + timedelta(days=3.5 * n) for n in range(1, 16)] + [SATURDAY, SUNDAY, HOUR_AGO, NOW]
OPENING = START - timedelta(hours=10)

SCRIPTED = """
AMZ-BOTTLE-2PK   a two-pack nobody mapped: 37 Amazon orders wait, ship-by 17:00 today
LANTERN          ATS 2, Amazon was told 9 an hour ago
TENT-SOLO        three orders for the last unit
PICNIC-KIT       a kit blocked by one component, PICNIC-CUPS
STOVE + KETTLE   a split over EAST and WEST, chosen over the protected store in Boston
EU-3PL           silent on 58 hand-overs since Saturday
#US5901          a payment authorisation that expires tonight (it waits for the kit)
ROPE-10M         WEST counted cases of 12 as if they were pieces
#US5950          an order whose total does not foot
"""

ADJECTIVES = "Alpine Coastal Desert Forest Glacier Harbor Island Juniper Lunar Meadow Nordic Prairie Ridge Summit Tundra Valley".split()
NOUNS = (
    "Backpack Beanie Bivvy Blanket Bottle Carabiner Chair Compass Cooler Daypack Fleece Gaiters Gloves Hammock Headlamp "
    "Jacket Mug Parka Poles Poncho Sandals Shell Socks Stakes Table Tarp Thermos Towel Vest"
).split()
CATEGORIES = {"Jacket": "apparel", "Fleece": "apparel", "Vest": "apparel", "Bottle": "kitchen", "Mug": "kitchen"}
STATES = "NY NJ MA PA CA WA OR TX FL IL OH GA CO AZ NC VA".split()
EU = [
    ("DE", "Berlin", "10115"),
    ("FR", "Lyon", "69001"),
    ("NL", "Utrecht", "3511"),
    ("ES", "Madrid", "28001"),
    ("IT", "Milano", "20121"),
]
FIRST = "Ada Ben Cora Dan Eva Finn Gia Hugo Ida Jon Kim Leo Mia Noa Omar Pia Quin Rosa Sam Tess Uma Vera Will Xan Yara Zoe".split()
LAST = "Abel Brandt Costa Dietz Evans Fuchs Grant Haas Ivers Jung Klein Lopez Meyer Nolan Ortiz Price Quist Reyes Stone Tran".split()


class Acme:
    """The merchant's eight weeks, drawn from one seed."""

    def __init__(self, seed: int = 20260608) -> None:
        self.random = random.Random(seed)
        self.skus = self.make_skus()
        self.shelves = Shelves(self.skus)
        self.goods = Goods(self, HERE)
        self.by_code = {sku.code: sku for sku in self.skus}
        self.sellable = [sku for sku in self.skus if not sku.scripted]
        self.weights = [1 / (1 + n % 97) for n in range(len(self.sellable))]
        self.orders: list[Order] = []

    def make_skus(self) -> list[Sku]:
        """400 articles: 376 drawn, 24 with a part in the script; 16 of them kits."""
        names = [f"{a} {n}" for n in NOUNS for a in ADJECTIVES]
        self.random.shuffle(names)
        drawn: list[Sku] = []
        for n, name in enumerate(names[:370]):
            price = self.random.randrange(900, 18000, 100) - 1
            drawn.append(Sku(f"AC-{1001 + n}", name, price, price * self.random.randrange(38, 62) // 100))
        for n in range(15):
            pair = self.random.sample(drawn[:300], 2)
            price = sum(sku.price for sku in pair) * 9 // 10
            parts = ";".join(f"{sku.code}:{self.random.choice((1, 1, 2))}" for sku in pair)
            drawn.append(Sku(f"KIT-{101 + n}", f"{pair[0].name} set", price, 0, components=parts))
        drawn = [PURCHASED.get(n, sku) for n, sku in enumerate(drawn)]
        scripted = [
            Sku("BOTTLE", "Trail bottle 1 l", 1899, 700, scripted=True),
            Sku("LANTERN", "Camp lantern", 4499, 1800, scripted=True),
            Sku("TENT-SOLO", "Solo tent", 21900, 9800, scripted=True),
            Sku("PICNIC-BASKET", "Picnic basket", 5900, 2100, scripted=True),
            Sku("PICNIC-BLANKET", "Picnic blanket", 3900, 1400, scripted=True),
            Sku("PICNIC-CUPS", "Enamel cups, set of 4", 2900, 900, scripted=True),
            Sku(
                "PICNIC-KIT",
                "Picnic kit",
                10900,
                0,
                components="PICNIC-BASKET:1;PICNIC-BLANKET:1;PICNIC-CUPS:1",
                scripted=True,
            ),
            Sku("STOVE", "Gas stove", 6900, 3000, scripted=True),
            Sku("KETTLE", "Camp kettle", 3200, 1200, scripted=True),
            Sku("ROPE-10M", "Rope 10 m", 1500, 500, units="case:12;pallet:480", scripted=True),
            Sku("MAP-CASE", "Map case", 1200, 400, scripted=True),
            Sku("DS-KAYAK", "Two-seat kayak", 89900, 61000, scripted=True),
            Sku("DS-RACK", "Roof rack", 24900, 15000, scripted=True),
            Sku("DS-PADDLE", "Carbon paddle", 15900, 9000, scripted=True),
            Sku("WHISTLE", "Signal whistle", 600, 150, scripted=True),
        ]
        return drawn + scripted

    def draw_orders(self) -> None:
        """What customers ordered, week by week, more at the weekend of the promotion."""
        plan = [
            ("shopify-us", 1300, "#US"),
            ("shopify-eu", 360, "#EU"),
            ("amazon", 760, ""),
            ("b2b", 60, "B2B-"),
            ("till", 230, "T-"),
        ]
        for channel, count, prefix in plan:
            times = sorted(self.draw_time(channel) for _ in range(count))
            for n, placed in enumerate(times):
                self.orders.append(self.draw_order(channel, prefix, n, placed))
        before = START - timedelta(days=9)
        for n in range(120):
            placed = before + timedelta(hours=1.5 * n)
            old = self.draw_order("shopify-us", "#US", n, placed)
            old.number, old.fulfilled = f"#US{1000 + n}", placed + timedelta(days=1) if n < 110 else None
            self.orders.append(old)

    def draw_time(self, channel: str) -> datetime:
        """An instant of the eight weeks; EU orders stop on Saturday, the rest is scripted."""
        end = SATURDAY - timedelta(hours=1) if channel == "shopify-eu" else HOUR_AGO - timedelta(minutes=20)
        span = (end - START).total_seconds()
        if channel != "shopify-eu" and self.random.random() < 0.07:
            return SATURDAY + timedelta(seconds=self.random.random() * (end - SATURDAY).total_seconds())
        return (START + timedelta(seconds=self.random.random() * span)).replace(microsecond=0)

    def draw_order(self, channel: str, prefix: str, n: int, placed: datetime) -> Order:
        """One ordinary order."""
        r = self.random
        pick = r.choices(self.sellable, self.weights, k=r.choice((1, 1, 1, 2, 2, 3, 4)))
        lines = [
            (sku, 12 * r.randrange(1, 4) if channel == "b2b" else r.choice((1, 1, 1, 1, 2)))
            for sku in dict.fromkeys(pick)
        ]
        number = f"{prefix}{2001 + n}"
        order = Order(channel, number, placed.replace(microsecond=0), lines, region=r.choice(STATES))
        order.person = f"{r.choice(FIRST)} {r.choice(LAST)}"
        order.postal = f"{r.randrange(1001, 99950):05d}"
        if channel == "amazon":
            order.number = f"{r.randrange(100, 999)}-{r.randrange(1000000, 9999999)}-{r.randrange(1000000, 9999999)}"
            order.fba, order.shipping = r.random() < 0.2, 0
        elif channel == "shopify-eu":
            order.country, order.city, order.postal = r.choice(EU)
            order.region = ""
        elif channel == "till":
            order.region, order.city, order.shipping = "MA", "Boston", 0
        elif channel == "b2b":
            order.paid, order.shipping = "pending", 4500
        if channel == "shopify-us" and n % 17 == 0:
            order.by_name = True
        if channel.startswith("shopify") and r.random() < 0.2:
            order.discount = order.goods // 10
        self.draw_trouble(order)
        return order

    def draw_trouble(self, order: Order) -> None:
        """What happens to about one order in eight after it was placed."""
        if order.channel == "shopify-us" and order.placed > SUNDAY and self.random.random() < 0.03:
            order.risk = "High"
        if not order.channel.startswith("shopify") or order.placed > SATURDAY - timedelta(days=2):
            return
        luck, later = self.random.random(), order.placed + timedelta(days=self.random.uniform(4, 9))
        soon = order.placed + timedelta(minutes=30)
        if luck < 0.035:
            order.revisions.append((soon, {"cancelled": soon, "paid": "refunded", "refunded": -1}))
        elif luck < 0.10:
            order.revisions.append((later, {"paid": "partially_refunded", "refunded": order.lines[0][0].price}))
        elif luck < 0.12:
            order.revisions.append((later, {"paid": "refunded", "refunded": -1}))
        elif luck < 0.15:
            sku, quantity = order.lines[0]
            order.revisions.append((soon, {"lines": [(sku, quantity + 1), *order.lines[1:]]}))
        elif luck < 0.18:
            order.paid = "authorized"
            order.revisions.append((later, {"paid": "paid"}))

    def script(self) -> None:
        """The situations of SCRIPTED."""
        r, sku = self.random, self.by_code
        monday = HOUR_AGO - timedelta(hours=1)
        for n in range(37):
            placed = SUNDAY + timedelta(hours=12, minutes=14 * n)
            order = self.draw_order("amazon", "", n, placed)
            order.lines, order.listing, order.fba, order.ships = [(sku["BOTTLE"], 1)], "AMZ-BOTTLE-2PK", False, False
            order.discount = 0
            self.orders.append(order)
        for n in range(3):
            self.place(f"#US{5811 + n}", HOUR_AGO - timedelta(minutes=25 + 20 * n), "LANTERN")
        for n in range(5):
            self.place(f"#US{5801 + n}", HOUR_AGO + timedelta(minutes=6 + 7 * n), "LANTERN", quantity=2 if n < 2 else 1)
        for n in range(3):
            self.place(f"#US{5821 + n}", HOUR_AGO + timedelta(minutes=12 + 9 * n), "TENT-SOLO").ships = False
        for n in range(4):
            placed = datetime(2026, 6, 2, 2, 0, tzinfo=UTC) if n == 0 else monday - timedelta(hours=3 * n)
            waiting = self.place(f"#US{5901 + n}", placed, "PICNIC-KIT")
            waiting.ships, waiting.paid = False, "authorized" if n == 0 else "paid"
        split = self.place("#US5930", HOUR_AGO + timedelta(minutes=25), "STOVE", "KETTLE")
        split.region, split.city = "MA", "Boston"
        off = self.place("#US5950", HOUR_AGO + timedelta(minutes=31), "WHISTLE")
        off.off, off.ships = -1000, False
        for n in range(58):
            order = self.draw_order(
                "shopify-eu", "#EU", n, SATURDAY - timedelta(minutes=50) + timedelta(minutes=24 * n)
            )
            order.number, order.ships, order.revisions = f"#EU{5001 + n}", False, []
            self.orders.append(order)
        for n in range(24):
            placed = START + timedelta(days=2 * n, hours=r.randrange(1, 20))
            self.place(f"#US{5701 + n}", placed, r.choice(("DS-KAYAK", "DS-RACK", "DS-PADDLE")))

    def place(self, number: str, placed: datetime, *codes: str, quantity: int = 1) -> Order:
        """An order of the script, without trouble of its own."""
        order = self.draw_order("shopify-us", "#US", 1, placed)
        order.number, order.lines = number, [(self.by_code[code], quantity) for code in codes]
        order.discount, order.revisions, order.risk, order.paid = 0, [], "Low", "paid"
        self.orders.append(order)
        return order

    def write(self) -> None:
        """All folders, in order of arrival."""
        for folder in HERE.glob("20??-*"):
            shutil.rmtree(folder)
        self.draw_orders()
        self.script()
        self.orders.sort(key=lambda order: (order.placed, order.number))
        first = folder_of(OPENING)
        self.write_products(first / "products.csv")
        self.write_opening(first / "stock-opening.csv")
        since = START - timedelta(days=30)
        shipped_until = START
        for step in STEPS:
            self.write_step(folder_of(step), since, step)
            self.write_shipments(folder_of(step) / "shipments.csv", shipped_until, since, step)
            shipped_until, since = since, step
        self.write_inbound(folder_of(SUNDAY) / "inbound.csv")
        self.write_transfers(folder_of(SUNDAY) / "transfers.csv")
        self.write_counts(folder_of(NOW) / "stock-west.csv")
        self.goods.write()
        self.shelves.write_picked(folder_of(NOW) / "shipments-picked.csv")

    def write_products(self, path: Path) -> None:
        """The catalogue with kits, units and the listings whose names differ from our codes."""
        rows = []
        for n, sku in enumerate(self.skus):
            noun = sku.name.split()[-1]
            listings = [f"amazon={amazon_listing(sku, n)}"] if amazon_listing(sku, n) != sku.code else []
            rows.append(
                {
                    "sku": sku.code, "name": sku.name, "barcode": ean13(f"84{1000000000 + n * 7:010d}"), "category": CATEGORIES.get(noun, "gear"),
                    "weight_grams": "" if sku.code in UNWEIGHED else 200 + 35 * (n % 60), "cost": money(sku.cost) if sku.cost else "", "price": money(sku.price),
                    "currency": "USD", "components": sku.components, "units": sku.units, "listings": ";".join(listings),
                    "materials": "", "tracking": "", "supplier": "", "moq": "", "order_multiple": "", **sku.columns,
                }
            )  # fmt: skip
        write_csv(path, rows)

    def write_opening(self, path: Path) -> None:
        """What stood on the shelves at cut-over: enough for the eight weeks, but for the script."""
        wanted: dict[tuple[str, str], int] = {}
        for order in self.orders:
            zone = "eu" if order.channel == "shopify-eu" else "till" if order.channel == "till" else "us"
            for sku, quantity in order.lines:
                parts = [part.split(":") for part in sku.components.split(";")] if sku.components else [[sku.code, "1"]]
                for code, n in parts:
                    wanted[code, zone] = wanted.get((code, zone), 0) + (quantity + 1) * int(n)
        rows: list[dict[str, object]] = []

        def put(site: str, sku: Sku, quantity: int) -> None:
            rows.append({"site": site, "sku": sku.code, "quantity": quantity, "cost": money(sku.cost)})

        for sku in self.sellable:
            if not sku.components:
                us, eu, till = (wanted.get((sku.code, zone), 0) for zone in ("us", "eu", "till"))
                put("EAST", sku, us + 8 + self.random.randrange(30))
                put("WEST", sku, us * 2 // 3 + 6 + self.random.randrange(20))
                put("STORE-BOS", sku, till + 4)
                put("STORE-SEA", sku, 3)
                put("EU-3PL", sku, eu + 5 + self.random.randrange(15))
        for site, code, quantity in (
            ("EAST", "BOTTLE", 240), ("WEST", "BOTTLE", 160), ("FBA", "BOTTLE", 90), ("EAST", "LANTERN", 7), ("WEST", "LANTERN", 5),
            ("EAST", "TENT-SOLO", 1), ("EAST", "PICNIC-BASKET", 30), ("EAST", "PICNIC-BLANKET", 30), ("EAST", "STOVE", 6),
            ("STORE-BOS", "STOVE", 4), ("WEST", "KETTLE", 9), ("STORE-BOS", "KETTLE", 5), ("WEST", "ROPE-10M", 480), ("EAST", "ROPE-10M", 24),
            ("WEST", "MAP-CASE", 60), ("WEST", "WHISTLE", 300), ("DROPSHIP", "DS-KAYAK", 20), ("DROPSHIP", "DS-RACK", 40),
            ("DROPSHIP", "DS-PADDLE", 60),
        ):  # fmt: skip
            put(site, self.by_code[code], quantity)
        lots = self.goods.open(rows)
        plain = [row for row in rows if not self.by_code[str(row["sku"])].columns.get("tracking")]
        write_csv(path, self.shelves.open(plain))
        write_csv(path.with_name("stock-opening-lots.csv"), self.shelves.open(lots))

    def write_inbound(self, path: Path) -> None:
        """What suppliers will deliver: one is late, one is not confirmed, one brings what orders wait for."""
        orders = (
            ("PO-1038", "WEST", "Lumen Works", datetime(2026, 6, 5), True, (("LANTERN", 120), ("AC-1019", 60))),
            (
                "PO-1041",
                "EAST",
                "Northway Tents",
                datetime(2026, 6, 10),
                True,
                (("TENT-SOLO", 40), ("PICNIC-CUPS", 90)),
            ),
            (
                "PO-1042",
                "EAST",
                "Harbor Mills",
                datetime(2026, 6, 15),
                True,
                (("AC-1003", 80), ("AC-1008", 48), ("AC-1012", 48)),
            ),
            ("PO-1043", "EU-3PL", "Harbor Mills", datetime(2026, 6, 19), False, (("AC-1003", 40), ("AC-1005", 40))),
        )
        write_csv(
            path,
            [
                {
                    "reference": reference, "site": site, "supplier": supplier, "sku": code, "quantity": quantity,
                    "expected_at": f"{expected:%Y-%m-%d}", "confirmed": "yes" if confirmed else "no",
                    "cost": money(self.by_code[code].cost), "currency": "USD",
                }
                for reference, site, supplier, expected, confirmed, lines in orders
                for code, quantity in lines
            ],
        )  # fmt: skip

    def write_transfers(self, path: Path) -> None:
        """One transfer to the store: it left on Saturday and is on its way."""
        head = {"reference": "TR-88", "from": "EAST", "to": "STORE-BOS"}
        steps = (("ordered", SATURDAY), ("shipped", SATURDAY + timedelta(hours=8)))
        lines = (("AC-1001", 12), ("AC-1007", 8))
        write_csv(
            path,
            [
                {
                    **head, "step": step, "sku": code, "quantity": quantity, "occurred_at": stamp(at),
                    "expected_at": stamp(NOW + timedelta(hours=6)),
                }
                for step, at in steps
                for code, quantity in lines
            ],
        )  # fmt: skip

    def write_counts(self, path: Path) -> None:
        """This morning's count in WEST: ropes counted in cases as if they were pieces, three map cases missing."""
        rows = [
            {"site": "WEST", "sku": code, "quantity": quantity, "as_of": stamp(NOW - timedelta(minutes=20))}
            for code, quantity in (("ROPE-10M", 40), ("MAP-CASE", 57), ("WHISTLE", 300))
        ]
        write_csv(path, rows)

    def write_step(self, folder: Path, since: datetime, step: datetime) -> None:
        """Each channel's export: what is new, what changed, and a few orders that stood in the last one too."""
        for channel in ("shopify-us", "shopify-eu", "amazon", "b2b", "till"):
            fresh = [order for order in self.orders if order.channel == channel and since <= order.placed < step]
            changed = [
                order
                for order in self.orders
                if order.channel == channel and order.placed < since and self.revise(order, since, step)
            ]
            for order in fresh:
                self.revise(order, since, step)
            again = [
                order
                for order in self.orders
                if order.channel == channel and since - timedelta(hours=5) <= order.placed < since
            ]
            rows = list(dict.fromkeys(id(order) for order in [*again, *changed, *fresh]))
            chosen = [order for order in self.orders if id(order) in set(rows)]
            if not chosen:
                continue
            if channel == "amazon":
                write_csv(folder / "orders-amazon.txt", list(amazon_rows(chosen, self.skus, step)), delimiter="\t")
            elif channel.startswith("shopify"):
                write_csv(folder / f"orders-{channel}.csv", list(shopify_rows(chosen)))
            else:
                write_csv(folder / f"orders-{channel}.csv", list(plain_rows(chosen)))

    def revise(self, order: Order, since: datetime, step: datetime) -> bool:
        """Bring an order to what its channel knows at this step; true if something changed."""
        due = [change for at, change in order.revisions if since <= at < step]
        for change in due:
            for name, value in change.items():
                setattr(order, name, value)
            if order.refunded == -1:
                order.refunded = total(order)
        return bool(due)

    def write_shipments(self, path: Path, placed_from: datetime, placed_to: datetime, step: datetime) -> None:
        """What the sites shipped since the last step, of the orders that they had by then."""
        rows: list[dict[str, object]] = []
        if placed_to < START:
            return
        for order in self.orders:
            unfit = (
                order.fba
                or order.cancelled
                or order.fulfilled
                or not order.ships
                or (order.paid == "pending" and order.channel != "b2b")
            )
            if unfit or order.risk == "High" or not placed_from <= order.placed < placed_to or order.placed < START:
                continue
            at = placed_to + (step - placed_to) * self.random.uniform(0.1, 0.9)
            base: dict[str, object] = {
                "order": order.number,
                "event": "acknowledged",
                "sku": "",
                "quantity": "",
                "carrier": "",
                "tracking": "",
            }
            if order.channel == "shopify-eu":
                rows.append({**base, "occurred_at": stamp(placed_to + (at - placed_to) / 4)})
            short = self.random.random() < 0.06 and order.placed > SUNDAY and order.channel == "shopify-us"
            if short and not order.lines[0][0].components and not order.lines[0][0].scripted:
                early = placed_to + (at - placed_to) / 2
                rows.append(
                    {
                        **base,
                        "event": "short_picked",
                        "sku": order.lines[0][0].code,
                        "quantity": 1,
                        "occurred_at": stamp(early),
                    }
                )
            carrier = "DHL" if order.country != "US" else self.random.choice(("UPS", "FedEx", "USPS"))
            tracking = f"{carrier[:2].upper()}{self.random.randrange(10**11, 10**12)}"
            rows.append(
                {**base, "event": "shipped", "carrier": carrier, "tracking": tracking, "occurred_at": stamp(at)}
            )
        if rows:
            write_csv(path, sorted(rows, key=lambda row: str(row["occurred_at"])))


def ean13(digits: str) -> str:
    """Twelve digits with their check digit."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def folder_of(at: datetime) -> Path:
    """The folder of one arrival."""
    folder = HERE / f"{at:%Y-%m-%dT%H%MZ}"
    folder.mkdir(exist_ok=True)
    return folder


if __name__ == "__main__":
    Acme().write()
    print(SCRIPTED.strip() + STORY.rstrip())
