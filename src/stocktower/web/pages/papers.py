"""The papers of goods that move: one transfer, one delivery, one assembly, with all that was said of it."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from stocktower import catalog, exchange, finance, insight, inventory, model, worklist
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction
from stocktower.web import labels
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.pages.lots import lot_href

TONES = {"ordered": "waiting", "in_transit": "waiting", "closed": "done", "cancelled": ""}


class Beside(msgspec.Struct, frozen=True):
    """What stands beside every paper: its moves, journals, messages and cases."""

    moves: list[insight.HistoryEntry]
    moved_skus: list[str]
    """Codes, one for each move."""
    journals: list[finance.Journal]
    messages: list[exchange.MessageView]
    cases: list[worklist.Case]


def load_beside(
    desk: Desk, tx: Transaction, kind: str, paper_id: int, sku_ids: Iterable[int], since: datetime,
    message_ids: Iterable[int], causes: Iterable[str] = (), inbound_ids: Iterable[int] = (),
) -> Beside:  # fmt: skip
    """What stands beside a paper: `causes` are what messages may still wait for, `inbound_ids` may have cases too."""
    moves, rows = ledger.load_moves_of(tx, sku_ids, kind, paper_id, since)
    codes = catalog.load_skus(tx, {row.sku_id for row in rows.values()})
    messages = {*message_ids, *exchange.find_waiting(tx, sorted(causes))} - {0}
    cases = {case.case_id: case for case in worklist.load_cases_of(tx, kind, paper_id)}
    for sku_id in () if not inbound_ids else sku_ids:
        wanted = {f"inbound/{one}" for one in inbound_ids}
        cases |= {one.case_id: one for one in worklist.load_cases_of(tx, "sku", sku_id) if one.cause_key in wanted}
    return Beside(
        insight.name_entries(tx, desk.network(tx), rows, moves, address=labels.address),
        [codes[rows[one.stock_id].sku_id].code for one in moves],
        finance.load_journals_of(tx, kind, paper_id),
        exchange.view_messages(tx, sorted(messages)),
        sorted(cases.values(), key=lambda case: (case.state != "open", -case.number)),
    )


@get("/transfers/{transfer_id:int}", sync_to_thread=True)
def transfer_page(desk: AtDesk, transfer_id: FromPath[int]) -> Response[str]:
    """One transfer: what was ordered, left, is on its way and arrived, and every step that was told."""
    with desk.reading() as tx:
        paper = ledger.load_transfer_paper(tx, transfer_id)
        if paper is None:
            raise NotFoundException(f"There is no transfer {transfer_id}.")
        transfer, lines = paper.transfer, paper.lines
        sku_ids = {line.sku_id for line in lines}
        since = min((one.occurred_at for one in paper.changes), default=transfer.ordered_at)
        beside = load_beside(
            desk, tx, inventory.TRANSFER, transfer_id, sku_ids, since, (one.message_id for one in paper.changes),
            [ledger.transfer_cause(transfer.reference)],
        )  # fmt: skip
        return desk.show(
            tx, "transfer.html", title=f"Transfer {transfer.reference}", transfer=transfer, lines=lines,
            changes=paper.changes,
            of_line={line.line_no: line for line in lines}, skus=catalog.load_skus(tx, sku_ids), beside=beside,
            tone=TONES.get(transfer.state, ""), sku_href=labels.sku_href,
            in_transit=sum(line.in_transit for line in lines), shipped=sum(line.shipped for line in lines),
            gone=sum(line.lost + line.claimed for line in lines), ahead=sum(line.ahead for line in lines),
        )  # fmt: skip


class ReceiptLine(msgspec.Struct, frozen=True):
    """What came of one SKU in one status and lot, corrections taken into account."""

    sku_id: int
    status: str
    lot: str
    units: int
    cost_minor: int | None
    inbound: inventory.Inbound | None
    """None: it was not on order."""


@get("/receipts/{receipt_id:int}", sync_to_thread=True)
def receipt_page(desk: AtDesk, receipt_id: FromPath[int]) -> Response[str]:
    """One delivery: what came, under which order, what of that is open, and each correction."""
    with desk.reading() as tx:
        paper = ledger.load_receipt_paper(tx, receipt_id)
        if paper is None:
            raise NotFoundException(f"There is no delivery {receipt_id}.")
        receipt = paper.receipt
        expected = {one.inbound_id: one for one in paper.inbound}
        came: dict[tuple[int, str, str, int], ReceiptLine] = {}
        for line in paper.lines:
            key = (line.sku_id, line.status, line.lot, line.inbound_id)
            before = came.get(key)
            cost = line.cost_minor if line.cost_minor is not None else before.cost_minor if before else None
            came[key] = ReceiptLine(
                line.sku_id, line.status, line.lot, line.units + (before.units if before else 0), cost,
                expected.get(line.inbound_id),
            )  # fmt: skip
        sku_ids = {line.sku_id for line in paper.lines} | {one.sku_id for one in paper.inbound}
        since = min((line.occurred_at for line in paper.lines), default=receipt.received_at)
        beside = load_beside(
            desk, tx, ledger.RECEIPT, receipt_id, sku_ids, since, (line.message_id for line in paper.lines), (),
            expected,
        )  # fmt: skip
        site = desk.network(tx).sites[receipt.site_id]
        books = {one.code: one.currency for one in model.load_applied(tx).configuration.entities}
        return desk.show(
            tx, "receipt.html", title=f"Delivery {receipt.reference}", receipt=receipt, entries=paper.lines,
            lines=[line for line in came.values() if line.units], inbound=paper.inbound,
            currency=books.get(site.entity, ""), skus=catalog.load_skus(tx, sku_ids), beside=beside,
            sku_href=labels.sku_href, lot_href=lot_href, site=site, units=sum(line.units for line in came.values()),
        )  # fmt: skip


@get("/assemblies/{assembly_id:int}", sync_to_thread=True)
def assembly_page(desk: AtDesk, assembly_id: FromPath[int]) -> Response[str]:
    """One assembly: what went in, what came out, and its journal."""
    with desk.reading() as tx:
        paper = ledger.load_assembly_paper(tx, assembly_id)
        if paper is None:
            raise NotFoundException(f"There is no assembly {assembly_id}.")
        one = paper.assembly
        sku_ids = {one.sku_id, *(line.sku_id for line in paper.lines)}
        site = desk.network(tx).sites[one.site_id].code
        told = exchange.view_messages_of_key(tx, site, exchange.ASSEMBLY, f"{site}/{one.reference}")
        message_ids = [message.message_id for message in told]
        return desk.show(
            tx, "assembly.html", title=f"Assembly {one.reference}", assembly=one, lines=paper.lines,
            skus=catalog.load_skus(tx, sku_ids), sku_href=labels.sku_href, lot_href=lot_href,
            beside=load_beside(desk, tx, ledger.ASSEMBLY, assembly_id, sku_ids, one.occurred_at, message_ids),
        )  # fmt: skip
