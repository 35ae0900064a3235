"""Finds sheets and the rows that people name, and says what cannot be done in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from stocktower import catalog, inventory, model
from stocktower.network import Network, SiteFacts
from stocktower.platform import Event, Transaction

from . import store
from .model import OPEN, Sheet

IN_TRANSIT = "in_transit"
"""Goods that are known by their transfer lie on no shelf."""
SUBJECT = "count"
"""Subject of the events of a sheet, and reference of the moves that it makes; the id is the sheet's."""


class UnknownSheet(LookupError):
    """There is no sheet with this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no count sheet {number}; `stocktower count sheets` lists them")


class CountRefused(ValueError):
    """Something about a count that cannot be done as it was asked; names the field and the fix."""

    def __init__(self, problem: str, *, field: str = "", fix: str = "") -> None:
        super().__init__(f"{problem}; {fix}" if fix else problem)
        self.problem = problem
        self.field = field
        self.fix = fix


def settings_of(tx: Transaction) -> model.Counting:
    """How counts are done under the applied configuration."""
    return model.load_applied(tx).configuration.counting


def site_of_sheet(network: Network, sheet: Sheet) -> SiteFacts:
    """The site of a sheet; raises CountRefused when it has left the configuration."""
    site = network.sites.get(sheet.site_id)
    if site is None or not site.active:
        raise CountRefused(
            f"the site of sheet {sheet.number} is no longer in the applied configuration", fix="reject the sheet"
        )
    return site


def lock(tx: Transaction, number: int, states: Iterable[str]) -> Sheet:
    """A sheet in one of some states, which nobody else touches until the commit; raises UnknownSheet, CountRefused."""
    return _in_state(store.lock_sheet(tx, number), number, states)


def share(tx: Transaction, number: int) -> Sheet:
    """An open sheet that others may write into too, and nobody finishes; raises UnknownSheet, CountRefused."""
    return _in_state(store.share_sheet(tx, number), number, [OPEN])


def _in_state(sheet: Sheet | None, number: int, states: Iterable[str]) -> Sheet:
    if sheet is None:
        raise UnknownSheet(number)
    if sheet.state not in set(states):
        raise CountRefused(f"sheet {number} {WORDS[sheet.state]}", field="sheet", fix="open the list of sheets")
    return sheet


WORDS = {
    "open": "is still being counted",
    "approval": "is counted and waits for approval",
    "applied": "is done: stock is what was counted",
    "rejected": "was rejected",
}
"""What a state means, after `sheet 12`."""


def find_items(tx: Transaction, texts: Iterable[str]) -> dict[str, catalog.Sku]:
    """The SKUs that texts name by code or barcode; what names none is missing. A barcode of two raises CountRefused."""
    wanted = sorted({text for text in texts if text})
    found: dict[str, catalog.Sku] = dict(catalog.find_skus(tx, wanted))
    for barcode, same in catalog.find_by_barcode(tx, [text for text in wanted if text not in found]).items():
        if len(same) > 1:
            codes = ", ".join(sku.code for sku in same)
            raise CountRefused(f"barcode {barcode} is of {codes}", field="sku", fix="name the SKU by its code")
        found[barcode] = same[0]
    return found


def check_countable(sku: catalog.Sku) -> None:
    """Raise CountRefused for what cannot stand on a sheet."""
    if sku.kind == "kit":
        raise CountRefused(f"{sku.code} is a kit", field="sku", fix="it is stocked as its components: count those")


def statuses_of(tx: Transaction) -> list[str]:
    """What lies on a shelf may be said to be: the built-in statuses and the merchant's own, but goods on their way."""
    own = [one.code for one in model.load_applied(tx).configuration.statuses]
    return [code for code in (*inventory.BUILT_IN, *own) if code != IN_TRANSIT]


def event(tx: Transaction, kind: str, sheet: Sheet, occurred_at: datetime, data: Mapping[str, Any]) -> Event:
    """An event of a sheet."""
    stated = {"number": sheet.number, "site_id": sheet.site_id, **data}
    return Event(kind, SUBJECT, sheet.sheet_id, occurred_at, msgspec.json.encode(stated))
