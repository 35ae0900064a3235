"""What things are called and where they are: an order's number, a SKU's code, each with its address."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

import msgspec

from stocktower import catalog, counting, fulfillment, inventory, reconciliation, worklist
from stocktower.inventory import views as stock
from stocktower.network import Network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web.desk import STOCK_TABS


class Label(msgspec.Struct, frozen=True):
    """A name and an address."""

    text: str
    href: str


PAPERS = {"transfer": "transfers", "receipt": "receipts", "assembly": "assemblies"}
"""Kinds of papers of goods that move -> where their pages are."""
Labels = dict[tuple[str, int], Label]


def sku_href(code: str) -> str:
    """The page of a SKU."""
    return f"/stock/{quote(code, safe='')}"


def history_href(code: str, stock_id: int = 0) -> str:
    """The page of what happened to a SKU's stock rows, or to one of them."""
    return f"/history?{urlencode({'sku': code, **({'row': stock_id} if stock_id else {})})}"


def paper_href(kind: str, id: int) -> str:
    """The page of a transfer, a receipt or an assembly."""
    return f"/{PAPERS[kind]}/{id}"


def address(kind: str, id: int, code: str) -> str:
    """The page of what a step of a waterfall is made of; nothing where there is none."""
    match kind:
        case "order":
            return f"/orders/{id}"
        case "stock":
            return history_href(code, id)
        case "sku":
            return sku_href(code)
        case "message":
            return f"/messages/{id}"
        case "transfer" | "receipt" | "assembly":
            return paper_href(kind, id)
        case counting.SUBJECT:
            return f"/counts/{id}"
        case "rule":
            tab = next((tab for tab in STOCK_TABS if tab.label == "Rules"), None)
            word = f'sku:"{code}"' if " " in code else f"sku:{code}"
            return f"{tab.href}?{urlencode({'q': f'rule:{id} {word}' if id else word})}" if tab else ""
        case _:
            return ""


def of_subjects(tx: Transaction, network: Network, subjects: Iterable[tuple[str, int]]) -> Labels:
    """Names and addresses of what events, journals and cases are about; what has no page stands by its id."""
    wanted: dict[str, set[int]] = {}
    for subject, subject_id in subjects:
        wanted.setdefault(subject, set()).add(subject_id)
    found: Labels = {}
    for row in orders.load_rows(tx, network, sorted(wanted.get("order", ()))):
        found["order", row.order_id] = Label(row.number, f"/orders/{row.order_id}")
    for sku_id, sku in catalog.load_skus(tx, wanted.get("sku", ())).items():
        found["sku", sku_id] = Label(sku.code, sku_href(sku.code))
    for request in fulfillment.load_requests(tx, sorted(wanted.get("fulfillment", ()))):
        found["fulfillment", request.fulfillment_id] = Label(request.number, f"/orders/{request.order_id}")
    for case in worklist.load_cases_by_id(tx, wanted.get("case", ())):
        found["case", case.case_id] = Label(case.label, f"/cases/{case.number}")
    for coming in inventory.load_inbound_by_id(tx, sorted(wanted.get("inbound", ()))).values():
        href = f"/inbound?{urlencode({'q': f'reference:{coming.reference}'})}"
        found["inbound", coming.inbound_id] = Label(coming.reference, href)
    for system in reconciliation.load_systems(tx) if "system" in wanted else ():
        found["system", system.system_id] = Label(system.code, f"/reconciliation/{quote(system.code)}")
    for channel_id in wanted.get("channel", set()) & set(network.channels):
        code = network.channels[channel_id].code
        found["channel", channel_id] = Label(code, f"/publication?{urlencode({'q': f'channel:{code}'})}")
    for message_id in wanted.get("message", ()):
        found["message", message_id] = Label(f"message {message_id}", f"/messages/{message_id}")
    for sheet_id, number in counting.load_numbers(tx, sorted(wanted.get(counting.SUBJECT, ()))).items():
        found[counting.SUBJECT, sheet_id] = Label(f"count sheet {number}", f"/counts/{number}")
    for kind in PAPERS:
        for paper_id, reference in stock.name_papers(tx, kind, sorted(wanted.get(kind, ()))).items():
            found[kind, paper_id] = Label(f"{kind} {reference}", paper_href(kind, paper_id))
    for relocation_id, reference, message_id in stock.name_relocations(tx, wanted.get("relocation", ())):
        href = f"/messages/{message_id}" if message_id else "/bins"
        found["relocation", relocation_id] = Label(f"bin move {reference}", href)
    if 0 in wanted.get("supply", ()):
        found["supply", 0] = Label("stock", "/stock")
    for subject, ids in wanted.items():
        for subject_id in ids:
            found.setdefault((subject, subject_id), Label(f"{subject} {subject_id}", f"/events?subject={subject_id}"))
    return found
