"""Bytes to records, dates and amounts: nothing is swallowed, nothing is guessed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.connectors.files.amounts import Money, read_flag, read_quantity
from stocktower.connectors.files.dates import DateEvidence, Instants
from stocktower.connectors.files.grouping import Survey, groups
from stocktower.connectors.files.model import FileError, Unreadable
from stocktower.connectors.files.text import Record, Records, examine
from stocktower.kernel import country_code, region_code


def records(path: Path, content: bytes, *, quoted: bool = True) -> list[Record]:
    """The records of a file of these bytes, which has to have all columns."""
    file = path / "file.csv"
    file.write_bytes(content)
    found = Records(examine(file), quoted=quoted)
    found.needed = len(found.header)
    return list(found)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n3,4", [(2, ["1", "2"]), (3, ["3", "4"])]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4\r\n", [(2, ["1", "2"]), (4, ["3", "4"])]),
        (b"a,b\r1,2\r3,4\r", [(2, ["1", "2"]), (3, ["3", "4"])]),
        (b'a,b\n"1\n\n1",2\n3,4\n', [(2, ["1\n\n1", "2"]), (5, ["3", "4"])]),
        (b"a;b\n1;2,5\n", [(2, ["1", "2,5"])]),
        (b"a\tb\n1\t2\n", [(2, ["1", "2"])]),
        (b"a,b,\n1,2,\n3,4,,\n", [(2, ["1", "2"]), (3, ["3", "4"])]),
        (b"\n\na,b\n1,2\n", [(4, ["1", "2"])]),
        ("a,b\n1,é\n".encode("utf-16"), [(2, ["1", "é"])]),
        (b"a,b\n1,\xe9\n", [(2, ["1", "é"])]),
    ],
)
def test_records(tmp_path: Path, content: bytes, told: list[tuple[int, list[str]]]) -> None:
    found = records(tmp_path, content)
    assert [(record.line, record.fields[:-1]) for record in found] == told
    assert all(record.fields[-1] == "" and not record.problem for record in found)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'a,b\n"1,2\n3,4\n', [(2, '"1,2\n', "not closed"), (3, "3,4\n", "")]),
        (b'a,b\n1,"2\n3,"4"\n5,6\n', [(2, '1,"2\n', "not closed"), (3, '3,"4"\n', ""), (4, "5,6\n", "")]),
        (b"a,b\n1\n3,4\n", [(2, "1\n", "1 of 2 columns"), (3, "3,4\n", "")]),
        (b"a,b\n1,2,3\n3,4\n", [(2, "1,2,3\n", "3 columns, the header 2"), (3, "3,4\n", "")]),
        (b'a,b\n"1\n2"\n3,4\n', [(2, '"1\n', "1 of 2"), (3, '2"\n', "1 of 2"), (4, "3,4\n", "")]),
        (b"a,b\n1,\0\n3,4\n", [(2, "1,\0\n", "NUL"), (3, "3,4\n", "")]),
        (b"a,b\n\xc3\xa9,1\n\xff,2\n", [(2, "é,1\n", ""), (3, "\udcff,2\n", "not UTF-8")]),
    ],
)
def test_broken_records_stand_alone(tmp_path: Path, content: bytes, told: list[tuple[int, str, str]]) -> None:
    found = records(tmp_path, content)
    assert [(record.line, record.raw) for record in found] == [(line, raw) for line, raw, _ in told]
    for record, (_, _, problem) in zip(found, told, strict=True):
        assert problem in record.problem
        assert bool(record.problem) is bool(problem)


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = [f"{n},{n}\n" for n in range(30_000)]
    rows[10] = '"10,10\n'
    found = records(tmp_path, ("a,b\n" + "".join(rows)).encode())
    assert len(found) == 30_000
    assert [record.line for record in found if record.problem] == [12]


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    found = records(tmp_path, b"a,b\n" + b"x" * 3_000_000 + b"\n1,2\n")
    assert found[-1].fields[:2] == ["1", "2"]
    assert all(record.problem for record in found[:-1])


def test_a_header_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="header cannot be read"):
        records(tmp_path, b'"a,b\n1,2\n')


keys = st.lists(st.sampled_from("abcdef"), max_size=60)


@given(keys)
def test_groups_are_whole_and_nothing_is_lost(stated: list[str]) -> None:
    rows = [Record(line, [key], key) for line, key in enumerate(stated)]
    survey = Survey()
    for row in rows:
        survey.see(row.fields[0])
    survey.close()
    found = list(groups(rows, lambda row: row.fields[0], survey))
    assert sorted(key for key, _ in found) == sorted(set(stated))
    assert sorted(row.line for _, group in found for run in group for row in run) == list(range(len(rows)))
    for key, group in found:
        assert {row.fields[0] for run in group for row in run} == {key}
        assert survey.is_scattered(key) is (len(group) > 1)
        lines = [row.line for run in group for row in run]
        assert lines == sorted(lines)


def evidence(*texts: str) -> DateEvidence:
    found = DateEvidence()
    for text in texts:
        found.look(text)
    return found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-05-04 10:00:00 -0400", "2026-05-04T14:00"),
        ("2026-05-04T10:00:00+00:00", "2026-05-04T10:00"),
        ("2026-05-04T10:00:00.123Z", "2026-05-04T10:00"),
        ("2026-05-04 10:00", "2026-05-04T08:00"),
        ("2026-05-04", "2026-05-03T22:00"),
        ("2026/05/04 10:00:00 JST", "2026-05-04T01:00"),
        ("2026-05-04 10:00:00 UTC", "2026-05-04T10:00"),
        ("2026-05-04 10:00:00 GMT+2", "2026-05-04T08:00"),
        ("13/04/2026", "2026-04-12T22:00"),
        ("04/13/26 1:05 PM", "2026-04-13T11:05"),
        ("13.04.2026 23:15:59", "2026-04-13T21:15"),
        ("05/05/2026 12:00 am", "2026-05-04T22:00"),
    ],
)
def test_instants(text: str, told: str) -> None:
    instants = Instants("Europe/Berlin", evidence(), day_first=None)
    assert instants.read(text, "at").strftime("%Y-%m-%dT%H:%M") == told


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-02-30", "31/02/2026", "13/13/2026", "2026-05-04 25:00", "0026-05-04",
     "2026-05-04 10:00 XYZ", "20260504", "03/04/2026", "3.4.26"],
)  # fmt: skip
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        Instants("UTC", evidence(), day_first=None).read(text, "at")
    assert refused.value.column == "at"


@pytest.mark.parametrize(
    ("seen", "setting", "convention", "month"),
    [
        (["13/04/2026"], None, None, 4),
        (["04/13/2026"], True, True, 3),
        (["13-04-26"], False, None, 4),
        (["2026-05-04", "03/04/2026"], True, False, 4),
        ([], False, True, 3),
        ([], None, True, 4),
    ],
)
def test_which_comes_first(seen: list[str], setting: bool | None, convention: bool | None, month: int) -> None:
    instants = Instants("UTC", evidence(*seen), day_first=setting, convention=convention)
    assert instants.read("03/04/2026", "at").month == month
    assert bool(instants.assumed) is (not any("13" in text for text in seen))


def test_dates_of_both_kinds_are_never_guessed() -> None:
    instants = Instants("UTC", evidence("13/04/2026", "04/13/2026"), day_first=True, convention=True)
    assert instants.read("14/04/2026", "at") == datetime(2026, 4, 14, tzinfo=UTC)
    assert instants.read("05/05/2026", "at") == datetime(2026, 5, 5, tzinfo=UTC)
    with pytest.raises(Unreadable, match="both kinds"):
        instants.read("03/04/2026", "at")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.34", "USD", 1234), ("12", "USD", 1200), ("12.3", "USD", 1230), ("1,234.50", "USD", 123450),
        (" $12.00 ", "USD", 1200),
        ("12,50", "EUR", 1250), ("1.234,50", "EUR", 123450), ("€ 9,90", "EUR", 990), ("9,90 EUR", "EUR", 990),
        ("1200.00", "JPY", 1200), ("12.345", "KWD", 12345), ("1,23,456.00", "INR", 12345600), ("12.3400", "USD", 1234),
        ("", "USD", 0), ("-5.00", "USD", -500), ("(5.00)", "USD", -500), (".50", "USD", 50),
    ],
)  # fmt: skip
def test_amounts(text: str, currency: str, minor: int) -> None:
    assert Money(currency).read(text, "price") == minor


@pytest.mark.parametrize("text", ["ten", "1.2.3", "12.345", "1,2,3", "--5", "N/A", "1e3", "9" * 30, "1.234", "12 50"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Unreadable):
        Money("USD").read(text, "price")


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "KWD"]))
def test_amounts_round_trip(minor: int, currency: str) -> None:
    digits = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    text = str(minor) if not digits else f"{minor // 10**digits}.{minor % 10**digits:0{digits}d}"
    assert Money(currency).read(text, "price") == minor


def test_quantities_and_flags() -> None:
    assert [read_quantity(text, "q") for text in ("3", " 3 ", "3.0", "1,200", "007")] == [3, 3, 3, 1200, 7]
    for text in ("", "1.5", "three", "-1", "1 2", "99999999999", "²"):
        with pytest.raises(Unreadable):
            read_quantity(text, "q")
    assert [read_flag(text, "f", default=True) for text in ("yes", "FALSE", "", "0")] == [True, False, True, False]
    with pytest.raises(Unreadable):
        read_flag("perhaps", "f")


def test_places() -> None:
    told = [country_code(text) for text in ("us", "USA", "Deutschland", "Côte d'Ivoire", "England", "Atlantis", "")]
    assert told == ["US", "US", "DE", "CI", "GB", "Atlantis", ""]
    assert [region_code(text, "US") for text in ("wash.", "N. Carolina", "Washington, D.C.")] == ["WA", "NC", "DC"]
