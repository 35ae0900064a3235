"""What lies in the bins of sites, by name: for command line, API and page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from stocktower import catalog, inventory
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.platform import Transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BinLine(msgspec.Struct, frozen=True):
    """Units of one stock row in one bin, in stock units."""

    site: str
    zone: str
    """What the code of the bin begins with; nothing: it says none."""
    bin: str
    sku: str
    name: str
    status: str
    owner: str
    lot: str
    quantity: int
    stock_id: int


class BinPage(msgspec.Struct, frozen=True):
    """A page of what lies in bins, site by site as people walk."""

    lines: list[BinLine]
    next: str
    """Where the next page begins; nothing: there is no more."""


class BinChange(msgspec.Struct, frozen=True):
    """One change of what lies in a bin, in stock units."""

    recorded_at: datetime
    """When we learned it."""
    occurred_at: datetime
    site: str
    bin: str
    sku: str
    name: str
    status: str
    owner: str
    lot: str
    change: int
    in_bin: int
    """Units of the row that lay in the bin after it."""
    reason: str
    reference: str
    """What says so: message, receipt, fulfillment, transfer, count, relocation..."""
    reference_id: int
    actor: str
    stock_id: int
    sequence: int
    """Along the changes of this bin of the row."""


class BinHistory(msgspec.Struct, frozen=True):
    """A page of the ledger of bins, the last recorded first."""

    changes: list[BinChange]
    next: str
    """Where the next page begins; nothing: there is no more."""


class BadBinPlace(ValueError):
    """A text that names no place in the list."""


def load_bins_page(
    tx: Transaction, network: Network, *, site: str = "", codes: Sequence[str] = (), skus: Sequence[str] = (),
    after: str = "", limit: int = 200,
) -> BinPage:  # fmt: skip
    """What lies in bins (or zones) of a site, of some SKUs; raises BadBinPlace. Codes that are unknown have nothing."""
    asked = _asked(tx, network, site, codes, skus)
    rows, more = ledger.load_bin_page(tx, asked, read_bin_place(after), limit)
    named = catalog.load_skus(tx, {row.sku_id for row in rows})
    lines = [
        BinLine(
            network.sites[row.site_id].code, ledger.zone_of(row.bin), row.bin, named[row.sku_id].code,
            named[row.sku_id].name, row.status, row.owner, row.lot, row.quantity, row.stock_id,
        )
        for row in rows
    ]  # fmt: skip
    return BinPage(lines, f"{more.site_id}.{more.stock_id}.{more.bin}" if more else "")


def _asked(tx: Transaction, network: Network, site: str, codes: Sequence[str], skus: Sequence[str]) -> ledger.BinsAsked:
    found = catalog.find_skus(tx, list(skus))
    site_ids = (network.site_ids.get(site, -1),) if site else ()
    sku_ids = tuple(found[code].sku_id if code in found else -1 for code in skus)
    return ledger.BinsAsked(site_ids, tuple(codes), sku_ids)


def load_bin_history(
    tx: Transaction, network: Network, *, site: str = "", codes: Sequence[str] = (), skus: Sequence[str] = (),
    before: str = "", limit: int = 200,
) -> BinHistory:  # fmt: skip
    """What moved in and out of bins (or zones) of a site, of some SKUs, the last recorded first; raises BadBinPlace."""
    asked = _asked(tx, network, site, codes, skus)
    rows, more = ledger.load_bin_moves(tx, asked, read_bin_move_place(before), limit)
    named = catalog.load_skus(tx, {row.sku_id for row in rows})
    changes = [
        BinChange(
            row.recorded_at, row.occurred_at, network.sites[row.site_id].code, row.bin, named[row.sku_id].code,
            named[row.sku_id].name, row.status, row.owner, row.lot, row.delta, row.quantity_after, row.reason,
            row.reference, row.reference_id, row.actor, row.stock_id, row.sequence,
        )
        for row in rows
    ]  # fmt: skip
    if more is None:
        return BinHistory(changes, "")
    instant = (more.recorded_at - _EPOCH) // timedelta(microseconds=1)
    return BinHistory(changes, f"{instant}.{more.stock_id}.{more.sequence}.{more.bin}")


def read_bin_move_place(text: str) -> ledger.BinMoveKey | None:
    """A place of the ledger as it stands in an address; raises BadBinPlace."""
    if not text:
        return None
    parts = text.split(".", 3)
    if len(parts) < 4 or not parts[3] or not all(part.isdecimal() for part in parts[:3]):
        raise BadBinPlace(f"{text} is no place in this list")
    try:
        recorded_at = _EPOCH + timedelta(microseconds=int(parts[0]))
    except OverflowError as error:
        raise BadBinPlace(f"{text} is no place in this list") from error
    return ledger.BinMoveKey(recorded_at, int(parts[1]), parts[3], int(parts[2]))


def load_bins_of(
    tx: Transaction, sku: catalog.Sku, rows: Sequence[inventory.StockRow], network: Network,
    moment: inventory.Moment | None = None,
) -> list[BinLine]:  # fmt: skip
    """Where the units of some rows of a SKU lie, now or as of a moment, row by row in walking order."""
    bins = ledger.load_bins(tx, [row.stock_id for row in rows], moment.at if moment else None)
    return [
        BinLine(
            network.sites[row.site_id].code, ledger.zone_of(one.bin), one.bin, sku.code, sku.name, row.status,
            row.owner, row.lot, one.quantity, row.stock_id,
        )
        for row in rows
        for one in bins.get(row.stock_id, ())
    ]  # fmt: skip


def read_bin_place(text: str) -> ledger.BinPlace | None:
    """A place as it stands in an address; raises BadBinPlace."""
    if not text:
        return None
    site_id, _, rest = text.partition(".")
    stock_id, mark, code = rest.partition(".")
    if not (mark and code and site_id.isdecimal() and stock_id.isdecimal()):
        raise BadBinPlace(f"{text} is no place in this list")
    return ledger.BinPlace(int(site_id), code, int(stock_id))
