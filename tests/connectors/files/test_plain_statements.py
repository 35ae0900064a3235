"""Statements of other systems as files: in parts, in their own words, once for an instant and a content."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stocktower.connectors.files import FileError, Reader, Reading, Source
from stocktower.exchange import KeptRow, StatementDocument

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def read(path: Path, text: str, *, complete: bool = False, as_of: datetime | None = None) -> list[Reading]:
    """What a file says, as of the Berlin morning where it states no offset."""
    path.write_text(text, encoding="utf-8")
    source = Source("erp", zone="Europe/Berlin", complete=complete)
    return list(Reader(path, kind="statement", source=source, as_of=as_of))


def documents(readings: list[Reading]) -> list[StatementDocument]:
    """The parts."""
    return [one.item for one in readings if isinstance(one.item, StatementDocument)]


def test_rows_keep_their_words(tmp_path: Path) -> None:
    at = "2026-06-01 06:00"
    rows = f"0001;CUP;240;Free stock;;;{at}\n0001;CUP;-3;Q;case;L1;{at}\n"
    text = f"Plant;Item;Qty;Condition;UOM;Batch;as of\n{rows}"
    (part,) = documents(read(tmp_path / "a.csv", text))
    assert (part.system, part.as_of, part.part, part.parts, part.complete) == ("erp", AT, 0, 1, False)
    assert [(one.location, one.sku, one.quantity, one.status, one.unit, one.lot, one.row) for one in part.lines] == [
        ("0001", "CUP", 240, "Free stock", "", "", 2),
        ("0001", "CUP", -3, "Q", "case", "L1", 3),
    ]


def test_parts_say_how_many_they_are(tmp_path: Path) -> None:
    rows = "".join(f"S{n},{n}\n" for n in range(4001))
    readings = read(tmp_path / "a.csv", "sku,quantity\n" + rows, as_of=AT)
    parts = documents(readings)
    assert [(one.part, one.parts, len(one.lines)) for one in parts] == [(0, 0, 2000), (1, 0, 2000), (2, 3, 1)]
    assert sum(one.rows for one in readings) == 4001
    assert len({one.key for one in readings}) == 3


def test_the_same_rows_of_another_instant_are_another_statement(tmp_path: Path) -> None:
    text = "sku,quantity,as_of\nCUP,1,2026-06-01T06:00:00+02:00\nCUP,2,2026-06-02T06:00:00+02:00\n"
    first, second = documents(read(tmp_path / "a.csv", text))
    assert (first.as_of, second.as_of.day, first.parts, second.parts) == (AT, 2, 1, 1)
    assert first.digest == second.digest


def test_what_cannot_be_read_is_kept_and_counted(tmp_path: Path) -> None:
    text = 'sku,quantity\nCUP,some\n,3\nLID,2\n"ROPE" x,1\n'
    readings = read(tmp_path / "a.csv", text, as_of=AT, complete=True)
    kept = [one.item for one in readings if isinstance(one.item, KeptRow)]
    assert [(one.line, one.column) for one in kept[:2]] == [(2, "quantity"), (3, "sku")]
    (part,) = documents(readings)
    assert (part.complete, part.unreadable) == (True, len(kept))
    assert sum(one.rows for one in readings) == 4


def test_an_instant_is_needed(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="as_of") as refused:
        read(tmp_path / "a.csv", "sku,quantity\nCUP,1\n")
    assert "--as-of" in refused.value.fix
    (kept,) = read(tmp_path / "b.csv", "sku,quantity,as_of\nCUP,1,\n")
    assert isinstance(kept.item, KeptRow)
    assert kept.item.column == "as_of"
