"""What commits, under threads: each message once, never two workers on one order."""

import random
import threading
from collections import Counter, defaultdict

import pytest

from stocktower import exchange
from stocktower.exchange import Incoming
from stocktower.platform import Database, load_invariants


@pytest.fixture
def merchant(database: Database) -> int:
    return database.ensure_merchant("shop")


def run(*works: object) -> None:
    """Run threads to their end and raise what one of them raised."""
    errors: list[BaseException] = []

    def guarded(work: object) -> None:
        try:
            work()  # pyright: ignore[reportCallIssue]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def hold(database: Database, merchant: int) -> None:
    with database.reading(merchant) as tx:
        for invariant in load_invariants("stocktower.exchange"):
            assert tx.tuples(invariant.query) == [], invariant.name


def test_the_same_messages_from_four_threads(database: Database, merchant: int) -> None:
    items = [Incoming("order", f"#{n % 300}", str(n % 700).encode()) for n in range(2_100)]
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def work(seed: int) -> None:
        mine = items[:]
        random.Random(seed).shuffle(mine)
        for start in range(0, len(mine), 150):
            with database.transaction(merchant, actor="importer") as tx:
                receipts = exchange.receive(tx, "web", mine[start : start + 150], origin="test")
            with lock:
                outcomes.update(receipt.outcome for receipt in receipts)

    run(*(lambda seed=seed: work(seed) for seed in range(4)))
    distinct = len({(item.key, item.body) for item in items})
    assert outcomes == {"new": 300, "changed": distinct - 300, "repeated": 4 * len(items) - distinct}
    hold(database, merchant)


def test_several_sources_in_sorted_order_never_deadlock(database: Database, merchant: int) -> None:
    def work(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(15):
            with database.transaction(merchant, actor="importer") as tx:
                for source in sorted(dice.sample("abcdef", 3)):
                    items = [Incoming("order", f"#{dice.randrange(50)}", b"{}") for _ in range(40)]
                    exchange.receive(tx, source, items, origin="test")

    run(*(lambda seed=seed: work(seed) for seed in range(4)))
    hold(database, merchant)


def test_two_workers_never_split_an_order(database: Database, merchant: int) -> None:
    """Each order has several messages; whoever works one holds the order, and they are worked in their sequence."""
    with database.transaction(merchant, actor="importer") as tx:
        items = [Incoming("order", f"#{n % 60}", str(n).encode()) for n in range(600)]
        random.Random(5).shuffle(items)
        exchange.receive(tx, "web", items, origin="test")
    held: set[str] = set()
    worked: defaultdict[str, list[int]] = defaultdict(list)
    lock = threading.Lock()
    failures = Counter[str]()

    def work(seed: int) -> None:
        dice = random.Random(seed)
        while True:
            failing = dice.random() < 0.2
            messages: list[exchange.Message] = []
            try:
                with database.transaction(merchant, actor="worker") as tx:
                    messages = exchange.claim(tx, ["order"], dice.randrange(1, 25))
                    keys = [message.key for message in messages]
                    with lock:
                        assert len(set(keys)) == len(keys)
                        assert held.isdisjoint(keys)
                        held.update(keys)
                    if failing and messages:
                        failures["batch"] += 1
                        with lock:
                            held.difference_update(keys)
                        raise InterruptedError
                    exchange.finish(tx, [message.message_id for message in messages])
                    with lock:
                        for message in messages:
                            worked[message.key].append(message.sequence)
                        # Before the end: after it, the other worker may hold the next message of the key.
                        held.difference_update(keys)
            except InterruptedError:
                continue
            if not messages:
                with database.reading(merchant) as tx:
                    if not exchange.load_backlog(tx):
                        return

    run(lambda: work(1), lambda: work(2))
    assert worked == {f"#{n}": list(range(1, 11)) for n in range(60)}
    assert failures["batch"] > 0
    hold(database, merchant)


def test_an_answer_is_given_once(database: Database, merchant: int) -> None:
    told: list[str] = []

    def work(name: str) -> None:
        try:
            with database.transaction(merchant, actor="api") as tx:
                exchange.remember_answer(tx, "key", b"h", 200, name.encode())
            told.append(name)
        except exchange.KeyAnsweredOtherwise:
            pass

    run(*(lambda name=name: work(name) for name in "abcd"))
    with database.reading(merchant) as tx:
        answer = exchange.load_answer(tx, "key", b"h")
    assert answer is not None
    assert [answer.response.decode()] == told
