"""Personal data: written with orders, found by e-mail address, and gone for good once erased."""

from datetime import UTC, datetime, timedelta

from stocktower import access
from stocktower.customers import (
    Contact,
    ContactDetails,
    contact_of,
    erase,
    find_orders_of_email,
    hash_email,
    load_contact,
    load_contacts,
    record_contacts,
    record_new_contacts,
)
from stocktower.exchange import Address, OrderDocument
from stocktower.platform import Transaction, load_invariants

ADA = Address(
    name="Ada Lovelace", street="1 Main St\nApt\t2", city="Springfield", region="IL", postal_code="62701", country="US",
    phone="+1 555", latitude=39.8,
)  # fmt: skip


def contact(order_id: int, email: str = "ada@example.com", note: str = "") -> Contact:
    document = OrderDocument(
        order_ref="r", number="#1", placed_at=datetime(2026, 6, 1, tzinfo=UTC), currency="USD", lines=(), goods_minor=0,
        email=email, ship_to=ADA, note=note,
    )  # fmt: skip
    return contact_of(order_id, document)


def broken_invariants(tx: Transaction) -> list[str]:
    return [one.name for one in load_invariants("stocktower.customers") if tx.tuples(one.query)]


def test_an_address_hashes_whatever_its_case() -> None:
    assert hash_email(" Ada@Example.COM ") == hash_email("ada@example.com") != hash_email("eve@example.com")
    assert hash_email("  ") is None


def test_details_are_read_on_one_line() -> None:
    assert str(ContactDetails(ship_to=Address(name="Ada", city="Springfield", region="IL", country="US"))) == (
        "Ada, Springfield IL, US"
    )
    assert str(ContactDetails()) == ""


def test_contacts_are_written_and_found(tx: Transaction) -> None:
    record_new_contacts(tx, [contact(1), contact(2, email=""), contact(3, "ADA@example.com", note='"quoted\\"\nnote')])
    assert load_contact(tx, 1) == ContactDetails("ada@example.com", ADA)
    assert load_contacts(tx, [2, 3, 4]) == {
        2: ContactDetails("", ADA),
        3: ContactDetails("ADA@example.com", ADA, note='"quoted\\"\nnote'),
    }
    assert find_orders_of_email(tx, " ada@EXAMPLE.com") == [1, 3]
    assert find_orders_of_email(tx, "") == []
    assert load_contact(tx, 9) is None
    assert load_contacts(tx, []) == {}


def test_a_change_is_written_and_the_last_counts(tx: Transaction) -> None:
    record_new_contacts(tx, [contact(1)])
    record_contacts(tx, [contact(1, "old@example.com"), contact(4), contact(1, "new@example.com")])
    record_contacts(tx, [])
    assert find_orders_of_email(tx, "new@example.com") == [1]
    assert find_orders_of_email(tx, "ada@example.com") == [4]
    record_contacts(tx, [contact(1, "")])
    assert find_orders_of_email(tx, "new@example.com") == []


def test_what_is_erased_stays_erased(tx: Transaction) -> None:
    record_new_contacts(tx, [contact(1), contact(2)])
    assert erase(tx, [1, 7]) == 1
    erased_at = tx.now
    tx.now += timedelta(hours=1)
    record_contacts(tx, [contact(1, "new@example.com")])
    assert erase(tx, [1]) == 0
    assert load_contact(tx, 1) is None
    assert find_orders_of_email(tx, "ada@example.com") == [2]
    row = tx.connection.execute("SELECT email_hash, details, erased_at FROM customers.contact WHERE order_id = 1 "
                                "AND merchant_id = %s", (tx.merchant_id,)).fetchone()  # fmt: skip
    assert row == (None, None, erased_at)
    assert broken_invariants(tx) == []
    (act,) = access.load_audit(tx)
    assert (act.act, act.data) == ("personal_data.erase", {"order_ids": [1]})


def test_invariants_see_what_is_left_behind(tx: Transaction) -> None:
    record_new_contacts(tx, [contact(1), contact(2)])
    tx.connection.execute("UPDATE customers.contact SET erased_at = %s WHERE order_id = 1", (tx.now,))
    tx.connection.execute("UPDATE customers.contact SET details = NULL WHERE order_id = 2")
    assert broken_invariants(tx) == ["erased_contact_holds_nothing", "contact_has_details"]
