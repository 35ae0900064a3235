"""What ten channels may sell of a million stock rows, all of it and after a burst; beside the same rows read bare."""

import gc
import random
import time
from datetime import UTC, datetime

import psycopg

from benchmarks.measures import Measure, Options
from benchmarks.places import Bench, opened, settle_down
from stocktower.inventory import load_offers
from stocktower.network import load_network
from stocktower.platform import Transaction

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SITES = 5
CHANNELS = 10
BURST = 10_000
ALL_GOAL = 20.0
BURST_GOAL = 1.0


def configuration() -> str:
    """Five sites in two groups, ten channels, and rules of all kinds for everything, categories and places."""
    text = ['[merchant]\ncode = "bench"\nname = "Bench"\n[[entities]]\ncode = "us"\nname = "Bench"\ncurrency = "USD"\n']
    text += [f'[[groups]]\ncode = "G{number}"\n' for number in (1, 2)]
    text += [
        f'[[sites]]\ncode = "S{number}"\nname = "S"\nkind = "warehouse"\ncountry = "US"\ngroup = "G{1 + number % 2}"\n'
        for number in range(SITES)
    ]
    for number in range(CHANNELS):
        sites = ", ".join(f'"S{(number + step) % SITES}"' for step in range(3))
        text.append(
            f'[[channels]]\ncode = "C{number}"\nname = "C"\nkind = "other"\ncurrency = "USD"\n'
            f"live_from = 2026-01-01T00:00:00Z\nsites = [{sites}]\n"
        )
    rules = [
        'kind = "safety_stock"\nquantity = 1',
        'kind = "safety_stock"\ncategory = "K1"\ngroup = "G1"\nquantity = 3',
        'kind = "set_aside"\nchannel = "C1"\ncategory = "K2"\nquantity = 10',
        'kind = "set_aside"\nchannel = "C2"\ncategory = "K3"\nmode = "quota"\nquantity = 20',
        'kind = "share"\nchannel = "C3"\npercent = 50',
        'kind = "cap"\nchannel = "C4"\nquantity = 40',
        'kind = "cap"\nchannel = "C4"\nsite = "S4"\nquantity = 9',
        'kind = "floor"\nchannel = "C5"\nquantity = 2',
        'kind = "exclusive"\nchannel = "C6"\ncategory = "K4"',
    ]
    return "\n".join([*text, *(f"[[channel_rules]]\n{rule}" for rule in rules)])


def fill(tx: Transaction, skus: int) -> None:
    """SKUs, rows, orders that wait and rules of single SKUs, by plain SQL: how they came is not measured here."""
    network = load_network(tx)
    cursor = tx.connection.cursor()
    given = {"m": tx.merchant_id, "n": skus, "sites": list(network.site_ids.values()), "now": tx.now}
    given["channels"] = list(network.channel_ids.values())
    for statement in (
        """INSERT INTO catalog.sku (merchant_id, sku_id, code, name, kind, stock_unit, barcode, category, currency,
            backorder, active, tracking)
        SELECT %(m)s, n, 'SKU' || n, 'SKU ' || n, 'stocked', 'each', '', 'K' || n %% 20, '', true, true, 'none'
        FROM generate_series(1, %(n)s) AS n""",
        "INSERT INTO inventory.item SELECT %(m)s, n FROM generate_series(1, %(n)s) AS n",
        """INSERT INTO inventory.stock (merchant_id, stock_id, sku_id, site_id, status, owner, lot, quantity, allocated,
            discrepancy, sequence, recorded_at)
        SELECT %(m)s, n * 10 + place, n, site_id, 'available', 'own', '', 5 + n * 7 %% 90, n * 3 %% 5, 0,
            1, %(now)s
        FROM generate_series(1, %(n)s) AS n, unnest(%(sites)s::bigint[]) WITH ORDINALITY AS site (site_id, place)""",
        """INSERT INTO inventory.demand
            (merchant_id, order_id, line_no, sku_id, kind, channel_id, priority, placed_at, per_unit, wanted, allocated,
            short, consumed, cancelled)
        SELECT %(m)s, n, 1, n, 'order', (%(channels)s::bigint[])[1 + n %% 10], 50, %(now)s, 1, 3, 0, 3, 0, 0
        FROM generate_series(1, %(n)s, 20) AS n""",
        """INSERT INTO inventory.rule (merchant_id, rule_id, scope, kind, channel_id, sku_id, category, site_id,
            site_group, mode, quantity, days, over_days, by_person, actor, recorded_at)
        SELECT %(m)s, 900000000 + n, 'cap/' || n, 'cap', (%(channels)s::bigint[])[1 + n %% 10], n, '', 0, '', '', 25, 0,
            0, true, 'bench', %(now)s
        FROM generate_series(1, %(n)s, 4) AS n""",
        """INSERT INTO inventory.rule (merchant_id, rule_id, scope, kind, channel_id, sku_id, category, site_id,
            site_group, mode, quantity, days, over_days, by_person, actor, recorded_at)
        SELECT %(m)s, 950000000 + n, 'set_aside/' || n, 'set_aside', (%(channels)s::bigint[])[1 + n %% 7], n, '', 0, '',
            'level', 6, 0, 0, true, 'bench', %(now)s
        FROM generate_series(1, %(n)s, 10) AS n""",
    ):
        cursor.execute(statement.encode(), given)


def measure_availability(bench: Bench, options: Options) -> list[Measure]:
    """Seconds for all ATS from nothing, and for a burst of changed SKUs."""
    skus = 20_000 if options.quick else 200_000
    place = bench.make("availability", configuration(), "bench", NOW)
    with opened(place) as tower, tower.transaction("bench") as tx:
        fill(tx, skus)
    settle_down(place)
    every: list[float] = []
    bursts: list[float] = []
    drawn = random.Random(7)
    with opened(place) as tower:
        for _ in range(max(3, options.runs)):
            changed = sorted(drawn.sample(range(1, skus + 1), BURST))
            gc.collect()
            with tower.reading() as tx:
                network = load_network(tx)
                began = time.perf_counter()
                load_offers(tx, None, network)
                between = time.perf_counter()
                offers = load_offers(tx, changed, network)
                for channel_id in network.channels:
                    offers.shown(channel_id, offers.places(changed), 2, 1)
                every.append(between - began)
                bursts.append(time.perf_counter() - between)
    bare_every, bare_burst = _bare(place.url, skus)
    rules = skus // 4 + skus // 10
    note = f"{skus * SITES:,} rows, {CHANNELS} channels, {rules:,} rules of SKUs; bare: the rows read by plain SQL"
    bench.drop(place)
    return [
        Measure("all ATS from nothing", "s", tuple(every), ALL_GOAL, False, bare_every, note),
        Measure(f"ATS of a burst of {BURST:,} SKUs", "s", tuple(bursts), BURST_GOAL, False, bare_burst),
    ]


def _bare(url: str, skus: int) -> tuple[float, float]:
    """Seconds to read the rows of all, and of a burst, with a plain statement."""
    drawn = sorted(random.Random(8).sample(range(1, skus + 1), BURST))
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        connection.execute("SELECT sku_id, site_id, quantity - allocated FROM inventory.stock").fetchall()
        between = time.perf_counter()
        connection.execute(
            "SELECT sku_id, site_id, quantity - allocated FROM inventory.stock WHERE sku_id = ANY(%s)", (drawn,)
        ).fetchall()
        return between - began, time.perf_counter() - between
