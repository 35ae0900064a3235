"""The facts of a case in words: nothing that only the program knows things by, money with its currency, links."""

from datetime import UTC, datetime

from stocktower.web.facts import Fact, facts_of


def test_facts_are_read_by_people() -> None:
    data = {
        "sku": "LAMP 2", "stock_id": 8, "lot": "", "net_minor": -13_339, "by_packs": True,
        "as_of": "2026-06-08T04:00:00Z",
        "message_id": 18_340, "row": 1_234, "units": 1_234, "order": "#1", "order_id": 5, "system": "erp",
        "cause": "mapping",
        "rows": [{"sku": "A", "stock_id": 1, "worth_minor": 250, "lot": ""}, {"sku": "B", "expected": 1_000}],
    }  # fmt: skip
    assert facts_of(data, "USD") == [
        Fact("SKU", ("LAMP 2",), href="/stock/LAMP%202"),
        Fact("Net", ("\u2212133.39 USD",)),
        Fact("By packs", ("yes",)),
        Fact("As of", (), datetime(2026, 6, 8, 4, tzinfo=UTC)),
        Fact("Message", ("18340",), href="/messages/18340"),
        Fact("Row", ("1234",)),
        Fact("Units", ("1,234",)),
        Fact("Order", ("#1",), href="/orders/5"),
        Fact("System", ("erp",), href="/reconciliation/erp?cause=mapping"),
        Fact("Rows", ("sku A, worth 2.50 USD", "sku B, expected 1,000")),
    ]
    many = facts_of({"lines": [f"row {n}" for n in range(25)], "amount_minor": 100, "currency": "EUR"}, "USD")
    assert many[0].lines[-1] == "and 5 more"
    assert [fact.lines for fact in many[1:]] == [("1.00 EUR",), ("EUR",)]
