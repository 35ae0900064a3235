"""Orders whose address cannot be shipped to: which those are, how they are held, and what lets them go on."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower import access, customers, ordering
from stocktower.exchange import Address, LineDocument, OrderDocument
from stocktower.ordering import AddressParts, NotPossible
from stocktower.ordering.addresses import decide_unshippable
from stocktower.platform import Transaction, load_events_of
from tests.ordering.world import DE, PLACED, US, World, document

SAYS_NOTHING = st.text(st.characters(categories=["Z", "P", "S"]), max_size=4)
COUNTRIES = st.sampled_from(["US", "DE", "FR", "HK", "IE", "AE", "JP", "XK", "united states", "Deutschland"])
NO_STREET = replace(US, street="")
SECRET = "Rue du Secret"


@pytest.fixture
def world(tx: Transaction) -> World:
    """Plenty of stock at two sites, and in Europe."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10})
    world.stock("WEST", {"CUP": 10})
    return world


def order_id(world: World, number: str = "1") -> int:
    """The id of an order."""
    return world.find(number).order.order_id


@given(st.from_regex(r"\w[\w ]{0,9}", fullmatch=True), st.from_regex(r"\w{3,9}", fullmatch=True), COUNTRIES)
def test_who_states_everything_is_never_held(street: str, city: str, country: str) -> None:
    assert decide_unshippable(Address(street=street, city=city, postal_code="10115", country=country)) == []


@given(SAYS_NOTHING, st.sampled_from(["street", "city", "postal_code"]))
def test_a_dash_stands_for_nothing(text: str, part: str) -> None:
    (said,) = decide_unshippable(replace(US, **{part: text}))
    assert said.startswith(f"no {part.replace('_', ' ')}")


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_what_is_wrong_never_says_what_stands_there(street: str, city: str, postal_code: str, country: str) -> None:
    to = Address(street=street + SECRET, city=city + SECRET, postal_code=postal_code, country=country + SECRET)
    assert decide_unshippable(to) == ["its country is none of ISO 3166"]
    # A source that leaves parts out is held for no more than one that states them.
    assert set(decide_unshippable(to, whole=False)) <= set(decide_unshippable(to))


@pytest.mark.parametrize(
    ("to", "wrong"),
    [
        (Address(), ["no country", "no street", "no city"]),
        (replace(US, country="Atlantis"), ["its country is none of ISO 3166"]),
        (replace(US, country="ZZ"), ["its country is none of ISO 3166"]),
        (replace(US, postal_code=""), ["no postal code, which US needs"]),
        (replace(DE, postal_code="", country="IE"), []),
        (Address(street="1 Queen's Road", country="HK"), []),
        (Address(street="1 Raffles Place", country="SG"), ["no postal code, which SG needs"]),
        (replace(US, name="", region="", phone=""), []),
    ],
)
def test_what_is_wrong(to: Address, wrong: list[str]) -> None:
    assert decide_unshippable(to) == wrong


def gift(quantity: int = 1, **changes: Any) -> LineDocument:
    """A line for which nothing is sent."""
    return LineDocument("L1", "GIFT", "Gift card", quantity, 1000, requires_shipping=False, **changes)


@pytest.mark.parametrize(
    ("lines", "changes"),
    [
        ([gift()], {}),
        ([gift(), LineDocument("L2", "CUP", "Cup", 2, 1000, cancelled=2)], {}),
        ([("CUP", 1)], {"ship_service": "Local Pick-up (Newark)"}),
        ([("CUP", 1)], {"ship_service": "Click & Collect"}),
        ([("CUP", 1)], {"custody": "marketplace"}),
        ([("CUP", 1)], {"placed_at": PLACED.replace(year=2025)}),
        ([("CUP", 1)], {"fulfillment_state": "fulfilled"}),
        ([("CUP", 1)], {"address_stated": False, "ship_to": replace(NO_STREET, name="")}),
    ],
)
def test_what_goes_nowhere_is_never_held(world: World, lines: list[Any], changes: dict[str, Any]) -> None:
    """By wire, cancelled, picked up, sent by the marketplace, history; a report leaves streets out of all addresses."""
    world.order("web", document("1", *lines, **{"ship_to": Address(), **changes}))
    assert world.find("1").holds == ()
    assert "address order" not in world.cases()
    world.check()


def test_a_changed_address_lets_it_go_on_by_itself(world: World) -> None:
    world.order("web", document("1", ("CUP", 2), ship_to=replace(NO_STREET, country="DE")))
    assert world.state("1") == ("validate", "hold", "reserved")
    assert world.cases() == {"address order": 1}
    world.check()
    world.order("web", document("1", ("CUP", 2), ship_to=replace(NO_STREET, postal_code="")))
    assert [hold.reason for hold in world.find("1").holds] == ["no street"]
    world.order("web", document("1", ("CUP", 2), ship_to=US))
    assert (world.state("1")[2], world.cases()) == ("released", {})
    assert world.kinds("1")[-4:] == ["hold.cleared", "order.changed", "order.validated", "order.released"]
    world.check()


def test_an_address_that_no_site_serves_because_it_is_none_is_one_case(world: World) -> None:
    to = replace(DE, country="Germoney")
    world.order("eu", document("1", ("CUP", 1), currency="EUR", tax_included=True, ship_to=to))
    assert world.cases() == {"address order": 1}
    world.check()
    said = ordering.correct_address(world.tx, order_id(world), AddressParts(country="deutschland"))
    assert said[0] == "1: The address was corrected: country"
    assert world.find("1").order.ship_country == "DE"
    assert world.cases() == {"no_stock sku/CUP": 1}
    world.stock("EU", {"CUP": 1})
    assert world.state("1")[2] == "released"
    world.check()


def test_a_corrected_address_is_kept_with_the_customer_only(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), ship_to=NO_STREET))
    with pytest.raises(NotPossible, match="cannot be shipped there either: no street"):
        ordering.correct_address(tx, order_id(world), AddressParts(city="Newark"))
    said = ordering.correct_address(tx, order_id(world), AddressParts(street=SECRET, region="nevada"))
    assert (world.state("1")[2], world.cases()) == ("released", {})
    # It was planned anew for where it goes now.
    assert said[:2] == ["1: Gave back 2 units", "1: The address was corrected: street, region"]
    assert world.find("1").order.ship_region == "NV"
    contact = customers.load_contact(tx, order_id(world))
    assert contact is not None
    assert (contact.ship_to.street, contact.ship_to.region, contact.ship_to.city) == (SECRET, "NV", "Newark")
    tx.write_events()
    told = [one.data for one in load_events_of(tx, order_id(world), 100)]
    assert all(SECRET.encode() not in data for data in told)
    # What the channel says again of other things does not bring the old address back.
    world.order("web", document("1", ("CUP", 3), ship_to=NO_STREET, email="new@example.com"))
    contact = customers.load_contact(tx, order_id(world))
    assert contact is not None
    assert (contact.ship_to.street, contact.email) == (SECRET, "new@example.com")
    assert world.state("1")[2] == "released"
    with pytest.raises(NotPossible, match="not held for its address"):
        ordering.correct_address(tx, order_id(world), AddressParts(street="2"))
    world.check()


def test_released_all_the_same_until_it_is_to_go_elsewhere(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), ship_to=NO_STREET))
    with pytest.raises(NotPossible, match="in its case"):
        ordering.clear_hold(tx, order_id(world), "address")
    said = ordering.release_address(tx, order_id(world), "a farm without a street")
    assert said[0] == "1: Hold address cleared: a farm without a street"
    assert world.state("1")[2] == "released"
    world.order("web", document("1", ("CUP", 3), ship_to=NO_STREET))
    assert world.cases() == {}
    world.order("web", document("1", ("CUP", 3), ship_to=replace(NO_STREET, city="Reno")))
    assert world.cases() == {"address order": 1}
    world.check()


def test_who_was_erased_cannot_be_corrected(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), ship_to=NO_STREET))
    customers.erase(tx, [order_id(world)])
    with pytest.raises(NotPossible, match="was erased"):
        ordering.correct_address(tx, order_id(world), AddressParts(street="1 Main St"))
    ordering.cancel_order(tx, order_id(world))
    assert (world.state("1")[2], world.cases()) == ("cancelled", {})
    assert [one.act for one in access.load_audit(tx)] == ["personal_data.erase"]
    world.check()


def test_a_report_without_streets_is_corrected_like_it_reports(world: World, tx: Transaction) -> None:
    stated = document("1", ("CUP", 2), ship_to=Address(city="Newark", region="NJ"), address_stated=False)
    assert msgspec.json.decode(msgspec.json.encode(stated), type=OrderDocument) == stated
    world.order("first", stated)
    assert [hold.reason for hold in world.find("1").holds] == ["no country"]
    ordering.correct_address(tx, order_id(world), AddressParts(country="US"))
    assert world.state("1")[2] == "released"
    world.check()
