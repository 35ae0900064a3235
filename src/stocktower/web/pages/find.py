"""Find: any order, SKU, case or journal by its number; one answer opens, several are listed."""

import msgspec
from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Redirect

from stocktower import catalog, finance, worklist
from stocktower.network import Network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web import labels
from stocktower.web.desk import AtDesk


class Found(msgspec.Struct, frozen=True):
    """One thing that has the number, or nearly."""

    kind: str
    text: str
    note: str
    href: str


def find_exactly(tx: Transaction, network: Network, text: str) -> list[Found]:
    """What has exactly this number."""
    found = [
        Found("order", row.number, row.channel, f"/orders/{row.order_id}")
        for row in orders.find_orders(tx, network, text)
    ]
    found += [
        Found("SKU", sku.code, sku.name, labels.sku_href(sku.code)) for sku in catalog.find_skus(tx, [text]).values()
    ]
    number = worklist.parse_case_number(text)
    case = worklist.load_case(tx, number) if number is not None else None
    if case is not None:
        found.append(Found("case", case.case.label, case.case.title, f"/cases/{case.case.number}"))
    if text.isascii() and text.isdigit() and len(text) < 19:
        journal = finance.load_journal(tx, int(text))
        if journal is not None:
            found.append(Found("journal", text, journal.journal.description, f"/books/journals/{text}"))
    return found


def find_nearly(tx: Transaction, network: Network, text: str) -> list[Found]:
    """What begins with it, or holds it."""
    begins = orders.list_orders(tx, network, orders.OrderFilter(number=text), limit=10)
    found = [Found("order", row.number, row.channel, f"/orders/{row.order_id}") for row in begins.rows]
    skus = catalog.search(tx, text, limit=20).skus
    return found + [Found("SKU", sku.code, sku.name, labels.sku_href(sku.code)) for sku in skus]


@get("/find", sync_to_thread=True)
def find_page(desk: AtDesk, q: FromQuery[str] = "") -> Response[str] | Redirect:
    """Go to the one thing that has a number, or list what comes near."""
    text = q.strip()
    with desk.reading() as tx:
        network = desk.network(tx)
        exact = find_exactly(tx, network, text) if text else []
        if len(exact) == 1:
            return Redirect(exact[0].href, status_code=303)
        found = exact or (find_nearly(tx, network, text) if text else [])
        if len(found) == 1:
            return Redirect(found[0].href, status_code=303)
        return desk.show(tx, "find.html", title="Find", found=found, text=text)
