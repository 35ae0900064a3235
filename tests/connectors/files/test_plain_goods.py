"""Files of goods that move: documents by reference and site, rows kept with line, column, problem and fix."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from stocktower.connectors.files import FileError, Reader, Reading, Source
from stocktower.exchange import (
    AdjustmentDocument,
    AssemblyDocument,
    InboundDocument,
    KeptRow,
    ReceiptDocument,
    TransferDocument,
)

SOURCE = Source(code="sites", zone="America/New_York", currency="USD")


def read(tmp_path: Path, kind: str, text: str, source: Source = SOURCE) -> list[Reading]:
    """Everything that a file says; each of its rows once."""
    path = tmp_path / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    reader = Reader(path, kind=kind, source=source)
    readings = list(reader)
    assert sum(reading.rows for reading in readings) == reader.rows
    return readings


def items(readings: list[Reading], of: type[Any]) -> list[Any]:
    """The documents of one type."""
    return [reading.item for reading in readings if isinstance(reading.item, of)]


def test_inbound_is_one_document_a_reference_and_site(tmp_path: Path) -> None:
    readings = read(
        tmp_path,
        "inbound",
        "po,warehouse,sku,qty,eta,supplier,unit cost,line\n"
        "PO-1,EAST,CUP,10,2026-07-01,Potter,2.50,1\n"
        "PO-2,EAST,CUP,5,2026-07-02 08:00,,,\n"
        "PO-1,EAST,CUP,20,2026-07-09,Potter,2.50,2\n"
        "PO-1,WEST,CUP,7,,,,\n",
    )
    documents = items(readings, InboundDocument)
    assert sorted((one.reference, one.site, len(one.lines)) for one in documents) == [
        ("PO-1", "EAST", 2), ("PO-1", "WEST", 1), ("PO-2", "EAST", 1),
    ]  # fmt: skip
    by_key = {reading.key: reading.item for reading in readings}
    first = by_key["purchase/PO-1/EAST"]
    assert isinstance(first, InboundDocument)
    assert first.supplier == "Potter"
    assert [(line.quantity, line.line, line.cost_minor) for line in first.lines] == [(10, "1", 250), (20, "2", 250)]
    # A day counts through its end, an instant as it stands.
    assert first.lines[0].expected_at == datetime(2026, 7, 2, 4, tzinfo=UTC)
    second = by_key["purchase/PO-2/EAST"]
    assert isinstance(second, InboundDocument)
    assert second.lines[0].expected_at == datetime(2026, 7, 2, 12, tzinfo=UTC)


def test_receipts_with_damage_lots_and_the_last_word(tmp_path: Path) -> None:
    [reading] = read(
        tmp_path,
        "receipts",
        "reference,inbound,site,sku,quantity,damaged,lot,expires_on,received_at,complete\n"
        "DN-1,PO-1,EAST,CUP,10,2,L7,2027-01-31,2026-06-01 09:00,\n"
        "DN-1,PO-1,EAST,LID,5,,,,2026-06-01 09:00,yes\n",
    )
    document = reading.item
    assert isinstance(document, ReceiptDocument)
    assert (reading.source, reading.key, reading.rows) == ("EAST", "EAST/DN-1", 2)
    assert (document.inbound, document.complete) == ("PO-1", True)
    assert document.received_at == datetime(2026, 6, 1, 13, tzinfo=UTC)
    [cup, lid] = document.lines
    assert (cup.quantity, cup.damaged, cup.lot, cup.expires_on) == (10, 2, "L7", date(2027, 1, 31))
    assert (lid.quantity, lid.damaged) == (5, 0)


def test_a_receipt_that_contradicts_itself_is_kept_whole(tmp_path: Path) -> None:
    [reading] = read(
        tmp_path, "receipts", "reference,inbound,site,sku,quantity\nDN-1,PO-1,EAST,CUP,1\nDN-1,PO-2,EAST,LID,1\n"
    )
    kept = reading.item
    assert isinstance(kept, KeptRow)
    assert (kept.column, kept.problem, len(kept.rows)) == ("inbound", "rows of one document state PO-1 and PO-2", 2)


def test_transfers_are_steps(tmp_path: Path) -> None:
    readings = read(
        tmp_path,
        "transfers",
        "reference,step,from,to,sku,quantity,damaged,occurred_at,expected_at\n"
        "T-1,ordered,EAST,WEST,CUP,10,,2026-06-01 08:00,2026-06-03\n"
        "T-1,ordered,EAST,WEST,LID,5,,2026-06-01 08:00,2026-06-03\n"
        "T-1,shipped,,,,,,2026-06-01 17:00,\n"
        "T-1,arrived,,,CUP,8,1,2026-06-03 09:00,\n"
        "T-1,vanished,,,CUP,1,,,\n",
    )
    assert [one.problem for one in items(readings, KeptRow)] == ["'vanished' is not a step of a transfer"]
    text = (
        "reference,step,from,to,sku,quantity,damaged\n"
        "T-1,ordered,EAST,WEST,CUP,10,\nT-1,ordered,EAST,WEST,LID,5,\nT-1,shipped,,,,,\nT-1,arrived,,,CUP,8,1\n"
    )
    readings = read(tmp_path, "transfers", text)
    assert [one.key for one in readings] == ["T-1/ordered", "T-1/shipped", "T-1/arrived"]
    documents = items(readings, TransferDocument)
    assert [(one.step, one.origin, len(one.lines)) for one in documents] == [
        ("ordered", "EAST", 2), ("shipped", "", 0), ("arrived", "", 1),
    ]  # fmt: skip
    assert (documents[2].lines[0].quantity, documents[2].lines[0].damaged) == (8, 1)


def test_adjustments_are_one_document_a_row(tmp_path: Path) -> None:
    readings = read(
        tmp_path,
        "adjustments",
        "site,sku,quantity,reason,reference,note\n"
        "EAST,CUP,-3,breakage,A-1,fell down\nEAST,LID,2,found,,\nEAST,LID,0,found,,\n",
    )
    first, second = items(readings, AdjustmentDocument)
    assert (first.reference, first.quantity, first.reason, first.note) == ("A-1", -3, "breakage", "fell down")
    assert second.reference.endswith("/3")
    [kept] = items(readings, KeptRow)
    assert (kept.line, kept.column, kept.problem) == (4, "quantity", "the quantity 0 is below 1")


@pytest.mark.parametrize(
    ("kind", "header", "missing"),
    [
        ("inbound", "reference,site,quantity", "sku"),
        ("receipts", "reference,sku,quantity", "site"),
        ("transfers", "reference,sku", "step"),
        ("adjustments", "site,sku,quantity", "reason"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, kind: str, header: str, missing: str) -> None:
    with pytest.raises(FileError) as error:
        read(tmp_path, kind, f"{header}\n1,2,3\n")
    assert error.value.column == missing


def test_assemblies_name_their_lots_row_by_row(tmp_path: Path) -> None:
    text = (
        "reference,site,sku,quantity,lot,of,lot_quantity,expires_on,occurred_at\n"
        "W-1,EAST,GIFT,4,G7,,4,2027-01-31,2026-06-01 08:00\nW-1,EAST,GIFT,4,C1,CUP,8,,2026-06-01 08:00\n"
        "W-2,EAST,GIFT,1,,,,,\nW-2,EAST,GIFT,1,,,,,\n"
    )
    readings = read(tmp_path, "assemblies", text)
    [made] = items(readings, AssemblyDocument)
    assert (made.reference, made.site, made.sku, made.quantity, made.disassemble) == ("W-1", "EAST", "GIFT", 4, False)
    assert [(one.sku, one.lot, one.quantity, str(one.expires_on or "")) for one in made.lots] == [
        ("GIFT", "G7", 4, "2027-01-31"), ("CUP", "C1", 8, ""),
    ]  # fmt: skip
    assert [one.problem for one in items(readings, KeptRow)] == ["W-2 stands several times"]
