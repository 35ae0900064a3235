"""A storefront asks over HTTP: the ATS of 100 SKUs at a steady rate and as fast as can be, while carts take stock."""

import asyncio
import multiprocessing
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.synchronize import Event
from urllib.parse import urlencode

import msgspec
import psycopg
import uvloop

from benchmarks import hot_sku, merchant
from benchmarks.measures import Measure, Options, percentile
from benchmarks.places import Bench, Place, opened, settle_down
from stocktower import access, catalog, inventory, web
from stocktower.app.administration import create_token
from stocktower.app.serving import services_of
from stocktower.app.worker_process import collect_less
from stocktower.inventory import HoldRequest
from stocktower.network import load_network

SKUS = 100
RATE = 500
P99_GOAL_MS = 15.0
SHARE_GOAL = 0.2
CLIENTS = 16
PACED_CLIENTS = 64
HOLDS_A_SECOND = 50
HOLD_P99_GOAL_MS = 50.0
_BARE = """
SELECT sku_id, sum(greatest(0, quantity - allocated))::bigint
FROM inventory.stock
WHERE merchant_id = %s AND sku_id = ANY(%s) AND status = 'available'
GROUP BY sku_id"""


def measure_over_http(bench: Bench, options: Options) -> list[Measure]:
    """The wait at a steady rate, the rate at saturation, and that of the same rows read by plain SQL."""
    seconds = 3.0 if options.quick else 10.0
    place = bench.make("http", merchant.configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        merchant.load_master_data(tower)
        token = create_token(tower, name="bench", role=access.Role.ADMINISTRATOR, days=None, actor="bench")
    settle_down(place)
    p99s: list[float] = []
    rates: list[float] = []
    with served(place) as port, carts(place):
        requests = _requests(token)
        uvloop.run(_saturate(port, requests, 1.0))
        for _ in range(options.runs):
            waits = uvloop.run(_paced(port, requests, seconds))
            p99s.append(percentile(waits, 0.99) * 1000)
            rates.append(uvloop.run(_saturate(port, requests, seconds)))
    bare = _bare_rate(place, seconds)
    bench.drop(place)
    note = f"{HOLDS_A_SECOND} carts a second take stock meanwhile"
    return [
        Measure(f"ATS of {SKUS} SKUs over HTTP, {RATE}/s, p99", "ms", tuple(p99s), P99_GOAL_MS, more_is_better=False,
                note=note),
        Measure(f"ATS of {SKUS} SKUs over HTTP, saturated", "requests/s", tuple(rates), bare * SHARE_GOAL, bare=bare,
                note="bare: one SELECT of their free stock"),
    ]  # fmt: skip


def measure_holds_over_http(bench: Bench, options: Options) -> list[Measure]:
    """Carts that all want one SKU: reservations a second over HTTP, and the wait of each; all is given, no more."""
    stock = 1_500 if options.quick else 6_000
    place = bench.make("http_holds", merchant.configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        hot_sku.load_stock(tower, stock)
        token = create_token(tower, name="bench", role=access.Role.ADMINISTRATOR, days=None, actor="bench")
    settle_down(place)
    rates: list[float] = []
    p99s: list[float] = []
    for _ in range(options.runs):
        copy = bench.copy(place, "http_holds_run")
        with served(copy) as port:
            rate, waits = uvloop.run(_hold_all(port, token, stock))
        hot_sku.check_all_given(copy, stock)
        rates.append(rate)
        p99s.append(percentile(waits, 0.99) * 1000)
        bench.drop(copy)
    bench.drop(place)
    note = f"{stock:,} in stock, all given and no more; {PACED_CLIENTS} clients"
    return [
        Measure("holds of one hot SKU over HTTP", "reservations/s", tuple(rates), note=note),
        Measure("holds of one hot SKU over HTTP, p99", "ms", tuple(p99s), HOLD_P99_GOAL_MS, more_is_better=False),
    ]


async def _hold_all(port: int, token: str, stock: int) -> tuple[float, list[float]]:
    """Reservations a second, and the seconds that each took; a tenth more is asked for than there is."""
    waits: list[float] = []

    async def client(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(stock * 11 // 10 // PACED_CLIENTS + 1):
            began = time.perf_counter()
            await _ask(reader, writer, _hold_request(token, f"{place}-{number}"), (b"201", b"409"))
            waits.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(place) for place in range(PACED_CLIENTS)))
    return len(waits) / (time.perf_counter() - began), waits


def _hold_request(token: str, reference: str) -> bytes:
    wanted = {
        "channel": merchant.CHANNELS[0], "reference": reference, "lines": [{"sku": hot_sku.CODE, "quantity": 1}],
        "minutes": 60,
    }  # fmt: skip
    body = msgspec.json.encode(wanted)
    return (
        f"POST /api/v1/reservations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextmanager
def served(place: Place) -> Iterator[int]:
    """The pages and the API in a process of their own."""
    context = multiprocessing.get_context("spawn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ready = context.Event()
    process = context.Process(target=_serve, args=(place, port, ready), daemon=True)
    process.start()
    if not ready.wait(60):
        raise AssertionError("the server did not start")
    _wait_for(port)
    try:
        yield port
    finally:
        process.terminate()
        process.join()


def _serve(place: Place, port: int, ready: Event) -> None:
    with opened(place) as tower, inventory.Gatherer(tower.database) as gatherer:
        collect_less()
        web.serve(services_of(tower, gatherer), "127.0.0.1", port, ready=lambda stop: ready.set())


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nobody listens")


@contextmanager
def carts(place: Place) -> Iterator[None]:
    """Somebody takes stock all the time, so that what is remembered of it is forgotten."""
    ended = threading.Event()

    def take() -> None:
        drawn = random.Random(3)
        with opened(place) as tower:
            with tower.reading() as tx:
                channel_id = load_network(tx).channel_ids[merchant.CHANNELS[0]]
                codes = [merchant.sku(number) for number in range(merchant.SKUS - merchant.KITS)]
                skus = [sku.sku_id for sku in catalog.find_skus(tx, codes).values()]
            number = 0
            while not ended.wait(1 / HOLDS_A_SECOND):
                number += 1
                ends_at = place.now + timedelta(hours=1)
                with tower.transaction("bench") as tx:
                    inventory.hold(tx, [HoldRequest(channel_id, f"{number}", ((drawn.choice(skus), 1),), ends_at)])

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _requests(token: str) -> list[bytes]:
    """What storefronts ask: the SKUs of a page, another page each time."""
    drawn = random.Random(5)
    made: list[bytes] = []
    for _ in range(200):
        codes = [merchant.sku(number) for number in drawn.sample(range(merchant.SKUS), SKUS)]
        query = urlencode([("sku", code) for code in codes])
        made.append(
            f"GET /api/v1/channels/{merchant.CHANNELS[0]}/ats?{query} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
    return made


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, statuses: Sequence[bytes] = (b"200",)
) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if head[9:12] not in statuses:
        raise AssertionError(head.decode())
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    await reader.readexactly(length)


async def _saturate(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """Answers a second to clients that ask again at once."""
    until = time.perf_counter() + seconds

    async def client(place: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < until:
            await _ask(reader, writer, requests[(place * 17 + done) % len(requests)])
            done += 1
        writer.close()
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(client(place) for place in range(CLIENTS))))
    return done / (time.perf_counter() - began)


async def _paced(port: int, requests: Sequence[bytes], seconds: float) -> list[float]:
    """Seconds from when each request was due to its answer, at a steady rate whoever is slow."""
    waits: list[float] = []
    began = time.perf_counter() + 0.2
    total = int(RATE * seconds)

    async def client(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(place, total, PACED_CLIENTS):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _ask(reader, writer, requests[number % len(requests)])
            waits.append(time.perf_counter() - due)
        writer.close()

    await asyncio.gather(*(client(place) for place in range(PACED_CLIENTS)))
    return waits


def _bare_rate(place: Place, seconds: float) -> float:
    """The same figures by one statement, prepared, from as many connections in two processes."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        return sum(pool.starmap(_bare, [(place, seconds, seed) for seed in range(2)]))


def _bare(place: Place, seconds: float, seed: int) -> float:
    counts: list[int] = []
    with psycopg.connect(place.url) as connection:
        found = connection.execute("SELECT merchant_id, sku_id FROM catalog.sku ORDER BY code").fetchall()
    merchant_id, ids = found[0][0], [sku_id for _, sku_id in found]
    until = time.perf_counter() + seconds

    def ask(mine: int) -> None:
        drawn = random.Random(seed * 100 + mine)
        done = 0
        with psycopg.connect(place.url, autocommit=True) as connection:
            while time.perf_counter() < until:
                connection.execute(_BARE, (merchant_id, drawn.sample(ids, SKUS)), prepare=True).fetchall()
                done += 1
        counts.append(done)

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(CLIENTS // 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)
