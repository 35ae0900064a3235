"""Where places are, how far apart, and by when a channel's order must ship."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.model import Channel, Configuration, LegalEntity, Merchant, Site
from stocktower.network import ChannelFacts, build_network, distance_km, locate, ship_by
from stocktower.network.centroids import COUNTRIES, REGIONS

PLACED = datetime(2026, 6, 8, 12, 5, tzinfo=UTC)
POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def facts(**promise: object) -> ChannelFacts:
    """A channel with a promise to ship."""
    stated = {"timezone": "America/New_York", **promise}
    channel = Channel("shop", "Shop", "other", "USD", PLACED, ("EAST",), **stated)  # type: ignore[arg-type]  # by test
    configuration = Configuration(
        merchant=Merchant("m", "M"),
        entities=(LegalEntity("us", "US Inc.", "USD"),),
        sites=(Site("EAST", "East", "warehouse"),),
        channels=(channel,),
    )
    return build_network(1, configuration, {"EAST": 1}, {"shop": 2}).channels[2]


@given(POINTS, POINTS)
def test_distance_is_symmetric_and_bounded(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-3)
    assert 0 <= distance_km(a, b) <= 20_016
    assert distance_km(a, a) == pytest.approx(0, abs=1e-3)


def test_distance_of_known_places() -> None:
    new_york, los_angeles = (40.71, -74.01), (34.05, -118.24)
    assert distance_km(new_york, los_angeles) == pytest.approx(3936, rel=0.01)


@pytest.mark.parametrize(
    ("country", "region", "near"),
    [
        ("US", "CA", (36.8, -119.4)),
        ("US", "california", (36.8, -119.4)),
        ("US", " tx ", (31.5, -99.3)),
        ("us", "US-TX", (31.5, -99.3)),
        ("CA", "QC", (52.9, -73.5)),
        ("BR", "SP", (-22.2, -48.8)),
        ("DE", "", (51.2, 10.5)),
        ("DE", "Bayern", (51.2, 10.5)),
        ("US", "nowhere", (39.8, -98.6)),
    ],
)
def test_locate_finds_region_or_country(country: str, region: str, near: tuple[float, float]) -> None:
    assert locate(country, region) == near


def test_locate_does_not_guess() -> None:
    assert locate("ZZ", "CA") is None
    assert locate("", "") is None


def test_every_point_is_on_earth() -> None:
    assert len(COUNTRIES) == 250
    for north, east in [*COUNTRIES.values(), *REGIONS.values()]:
        assert -90 <= north <= 90
        assert -180 <= east <= 180


def test_every_state_is_in_its_country() -> None:
    far_away = {
        "GU", "GUAM", "AS", "AMERICAN SAMOA", "MP", "NORTHERN MARIANA ISLANDS",
        "AE", "ARMED FORCES EUROPE", "AP", "ARMED FORCES PACIFIC",
    }  # fmt: skip
    for (country, region), point in REGIONS.items():
        if region not in far_away:
            assert distance_km(point, COUNTRIES[country]) < 6_500, (country, region)


def test_no_promise_no_date() -> None:
    assert ship_by(facts(), PLACED) is None


def test_promise_in_hours() -> None:
    assert ship_by(facts(ship_by_hours=48), PLACED) == PLACED + timedelta(hours=48)


@pytest.mark.parametrize(
    ("placed", "by"),
    [
        ("2026-06-08T08:05", "2026-06-08T17:00"),
        ("2026-06-07T17:00", "2026-06-08T17:00"),
        ("2026-06-07T23:59", "2026-06-08T17:00"),
        ("2026-06-08T16:59", "2026-06-08T17:00"),
        ("2026-03-07T18:00", "2026-03-08T17:00"),
    ],
)
def test_promise_by_cutoff_is_local(placed: str, by: str) -> None:
    zone = ZoneInfo("America/New_York")
    placed_at = datetime.fromisoformat(placed).replace(tzinfo=zone).astimezone(UTC)
    assert ship_by(facts(ship_by_cutoff="17:00"), placed_at) == datetime.fromisoformat(by).replace(tzinfo=zone)


@given(INSTANTS, st.sampled_from(["00:00", "02:30", "17:00", "23:59"]))
def test_cutoff_is_the_next_one(placed_at: datetime, cutoff: str) -> None:
    by = ship_by(facts(ship_by_cutoff=cutoff), placed_at)
    assert by is not None
    assert by.utcoffset() == timedelta(0)
    # A day of 25 hours, and an hour that the clock skips or repeats.
    assert timedelta(hours=-1) <= by - placed_at <= timedelta(hours=26)
