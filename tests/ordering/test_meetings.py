"""Commands of several rooms that meet: rules against reservations and publication, comparisons against stock files,
merges against orders.
"""

from datetime import datetime, timedelta

import msgspec
import pytest

from stocktower import catalog, exchange, inventory, model, network, publication, reconciliation, stewardship
from stocktower.exchange import Incoming, ProductDocument, StatementDocument, StatementLine
from stocktower.inventory import HoldRequest
from stocktower.model import ChannelRule
from stocktower.platform import Database, FrozenClock, Transaction, load_invariants, take_due
from tests.ordering.test_threads import Edge, edge
from tests.ordering.world import TEXT, document, send, setup, stock
from tests.publication.world import differences, publish
from tests.reconciliation.world import SYSTEMS

__all__ = ["edge"]


def cup(tx: Transaction) -> int:
    return catalog.find_skus(tx, ["CUP"])["CUP"].sku_id


def hold_cups(tx: Transaction, reference: str) -> None:
    """A cart of the web shop wants a cup."""
    channel_id = network.load_network(tx).channel_ids["web"]
    inventory.hold(tx, [HoldRequest(channel_id, reference, ((cup(tx), 1),), tx.now + timedelta(hours=1))])


def held(tx: Transaction) -> int:
    """Cups that carts have."""
    return sum(row.allocated for row in inventory.load_rows_of(tx, [cup(tx)]))


def test_nothing_is_promised_above_the_rule_that_holds(edge: Edge) -> None:
    """Quotas and shares count under the locks of their SKUs: what was held before stays, then the rule holds."""
    rules = (
        ChannelRule("set_aside", channel="first", sku="CUP", mode="quota", quantity=70),
        ChannelRule("share", channel="web", sku="CUP", percent=40),
        ChannelRule("share", channel="web", sku="CUP", percent=90),
    )
    # Of a hundred cups: less what is set aside; then two fifths of that; then nine tenths of it.
    most = [30, 12, 27]
    before: list[int] = []

    def change(rule: ChannelRule) -> None:
        def act(tx: Transaction) -> int:
            inventory.act_set_rule(tx, rule, None)
            return held(tx)

        before.append(edge.run(act))

    def carts(name: str) -> None:
        for number in range(25):
            edge.run(lambda tx, one=f"{name}-{number}": hold_cups(tx, one))

    for number, rule in enumerate(rules):
        edge.at_once(
            lambda one=rule: change(one), lambda n=number: carts(f"a{n}"), lambda n=number: carts(f"b{n}")
        )  # fmt: skip
        assert edge.run(held) == max(most[number], before[number]), (number, before)
    edge.settle()
    edge.check()


def test_what_is_told_in_the_end_is_what_the_last_rule_allows(edge: Edge) -> None:
    caps = [7, 90, 3, 40, 12]

    def cap() -> None:
        for units in caps:
            rule = ChannelRule("cap", channel="web", sku="CUP", quantity=units)
            edge.run(lambda tx, one=rule: inventory.act_set_rule(tx, one, None))

    def tell() -> None:
        for _ in range(8):
            edge.run(publish)

    edge.at_once(cap, tell)
    edge.run(publish)

    def look(tx: Transaction) -> tuple[dict[str, int], list[str]]:
        channels = network.load_network(tx).channels
        told = {channels[one.channel_id].code: one.shown for one in publication.load_told(tx, cup(tx))}
        broken = [one.name for one in load_invariants("stocktower.publication") if tx.tuples(one.query)]
        assert differences(tx) == []
        return told, broken

    told, broken = edge.run(look)
    assert (told["web"], told["first"], broken) == (12, 100, [])


def test_a_comparison_is_of_its_instant_whatever_files_say_meanwhile(database: Database, clock: FrozenClock) -> None:
    edge = Edge(database)
    edge.run(lambda tx: setup(tx, TEXT + SYSTEMS))
    edge.run(lambda tx: reconciliation.apply_systems(tx, model.load_applied(tx).configuration))
    edge.run(lambda tx: stock(tx, "EAST", {"CUP": 100, "LID": 30}))
    edge.settle()
    clock.at += timedelta(hours=2)
    runs: list[reconciliation.Run] = []

    def compare(as_of: datetime) -> None:
        def state(tx: Transaction) -> list[reconciliation.Run]:
            lines = (StatementLine("EAST", "CUP", 100, row=2), StatementLine("EAST", "LID", 30, row=3))
            part = StatementDocument("erp", as_of, "d", lines, 0, 1)
            one = Incoming("statement", f"{as_of}/d/0", msgspec.json.encode(part), 2)
            exchange.receive(tx, "system/erp", [one], origin="test")
            reconciliation.take_statements(tx, exchange.claim(tx, ["statement"], 9))
            return reconciliation.compare_statements(tx, take_due(tx, reconciliation.COMPARE, 9))

        runs.extend(edge.run(state))

    def files() -> None:
        for number in range(8):
            quantities = {"CUP": 20 + 9 * number, "LID": 80 - 5 * number}
            edge.run(lambda tx, one=quantities, at=clock.at + timedelta(seconds=number): stock(tx, "EAST", one, at))
            edge.drain("stock", 1)

    began = clock.at - timedelta(minutes=60)
    edge.at_once(files, lambda: [compare(began + timedelta(minutes=number)) for number in range(8)])
    assert [(one.compared, one.matched, one.units_ours) for one in runs] == [(2, 2, 130)] * 8
    edge.settle()
    assert edge.row("EAST", "CUP")[0] == 20 + 9 * 7
    edge.check()


PRODUCTS = (
    ProductDocument("CUP", "Cup", cost_minor=250),
    ProductDocument("CUP-OLD", "Old cup", cost_minor=250, listings=(("web", "OLD", 1),)),
)


@pytest.mark.parametrize("attempt", range(3))
def test_a_merge_against_orders_leaves_no_line_with_the_loser(database: Database, attempt: int) -> None:
    edge = Edge(database)
    edge.run(lambda tx: setup(tx, products=PRODUCTS))
    numbers = [str(number) for number in range(12)]
    edge.run(lambda tx: send(tx, "web", *[document(number, ("OLD", 1)) for number in numbers]))
    merged: list[bool] = []

    def merge() -> None:
        try:
            edge.run(lambda tx: stewardship.merge(tx, "CUP-OLD", "CUP"))
        except catalog.CannotMerge:
            merged.append(False)
        else:
            merged.append(True)

    edge.at_once(merge, lambda: edge.drain("order", 1 + attempt), lambda: edge.drain("order", 1 + attempt))
    edge.settle()
    skus = {line.sku for number in numbers for line in edge.find(number).lines}
    # Either nobody wanted it and every order is of the survivor, or somebody did and it is not merged.
    assert skus == ({"CUP"} if merged == [True] else {"CUP-OLD"})
    edge.run(lambda tx: stock(tx, "EAST", {"CUP" if merged == [True] else "CUP-OLD": 12}))
    edge.settle()
    assert {edge.find(number).lines[0].allocated for number in numbers} == {1}
    edge.check()
