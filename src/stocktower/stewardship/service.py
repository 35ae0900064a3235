"""Commands of the room: SKUs are checked, all or some; what costs money is a case; likely duplicates are proposed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from fractions import Fraction

import msgspec

from stocktower import inventory
from stocktower.inventory import Supplied
from stocktower.kernel import CaseKind, exponent
from stocktower.model import Configuration, RateMissing, load_applied, rate
from stocktower.network import load_network
from stocktower.platform import RecordedEvent, Transaction, schedule
from stocktower.worklist import Raise, Waiter, close_by_cause, leave_cases, load_waiting, raise_cases

from . import store
from .model import CHECKS, Check
from .rules import LARGEST_BLOCK, propose

CHECK = "stewardship.check"
"""Kind of due work: check a SKU; the key is the SKU, or EVERYTHING."""
EVERYTHING = 0
KINDS = ("sku.created", "sku.changed", "listing.mapped")
"""The events after which SKUs are checked: give them to take_events."""
EVERY = timedelta(days=1)
SALES = timedelta(days=90)
"""How far back sales count."""
SILENT = timedelta(days=28)
"""How long a listing may stand without a word and without an order."""
MANY = 500
"""From so many SKUs on, checking everything costs no more."""
WAITERS = 200
SUPPLY_LACKS: dict[str, Callable[[Supplied | None], bool]] = {
    "no_supplier": lambda one: one is None or not one.rule.supplier,
    "no_lead_time": lambda one: one is None or one.lead_time is None,
}
"""Checks that need more than a statement: what is looked for in how a SKU comes."""


class _Named(msgspec.Struct, frozen=True):
    sku_id: int


def begin(tx: Transaction) -> None:
    """Have everything checked soon: a configuration was applied."""
    schedule(tx, CHECK, [(EVERYTHING, tx.now)])


def take_events(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """SKUs that changed are checked by due work, many at once by checking everything."""
    decode = msgspec.json.Decoder(_Named).decode
    sku_ids = {decode(event.data).sku_id for event in events if event.kind in KINDS}
    keys = [EVERYTHING] if len(sku_ids) >= MANY else sorted(sku_ids)
    schedule(tx, CHECK, [(key, tx.now) for key in keys])


def check_due(tx: Transaction, keys: Sequence[int]) -> None:
    """Due work: check what came due; everything is checked again a day later."""
    if EVERYTHING in keys or len(keys) >= MANY:
        check_everything(tx)
        schedule(tx, CHECK, [(EVERYTHING, tx.now + EVERY)])
    else:
        check_skus(tx, keys)


def check_everything(tx: Transaction) -> None:
    """Check every SKU and look for duplicates: as many statements whatever their number."""
    _check(tx, None)


def check_skus(tx: Transaction, sku_ids: Iterable[int]) -> None:
    """Check some SKUs, and those whose checks depend on them."""
    wanted = set(sku_ids)
    if wanted:
        _check(tx, sorted(wanted | set(store.load_neighbours(tx, sorted(wanted)))))


def _check(tx: Transaction, sku_ids: Sequence[int] | None) -> None:
    store.lock_checking(tx)
    configuration = load_applied(tx).configuration
    for check in CHECKS:
        found = store.find_failing(tx, check.name, sku_ids, tx.now - SILENT, is_planned=bool(configuration.supply))
        if check.name in SUPPLY_LACKS:
            found = _lacking_supply(tx, configuration, check.name, found)
        store.record_failing(tx, check.name, found, sku_ids)
    weights = {check.name: check.weight for check in CHECKS}
    store.record_quality(tx, sku_ids, weights, tx.now - SALES, _rates(configuration, tx))
    store.record_duplicates(tx, propose(store.load_blocks(tx, sku_ids, LARGEST_BLOCK)), sku_ids)
    _tell_cases(tx, configuration)


def _lacking_supply(
    tx: Transaction, configuration: Configuration, name: str, found: Sequence[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Of SKUs that are sold and bought, those that lack what a check asks of how they come."""
    skus = [sku_id for sku_id, _ in found]
    supplied = inventory.load_supplied(tx, configuration, load_network(tx), skus) if skus else {}
    lacks = SUPPLY_LACKS[name]
    return [(sku_id, detail) for sku_id, detail in found if lacks(supplied.get(sku_id))]


def _rates(configuration: Configuration, tx: Transaction) -> tuple[list[str], list[int], list[int]]:
    """What a minor unit of each channel's currency is in the currency in which money is added up, as columns."""
    book = configuration.entities[0].currency
    found: dict[str, Fraction] = {}
    for currency in sorted({channel.currency for channel in configuration.channels} | {book}):
        try:
            value = rate(configuration, currency, book, tx.now.date())
        except RateMissing:
            continue
        found[currency] = value * Fraction(10) ** (exponent(book) - exponent(currency))
    return list(found), [one.numerator for one in found.values()], [one.denominator for one in found.values()]


def _tell_cases(tx: Transaction, configuration: Configuration) -> None:
    """One case for each check that costs money while SKUs that are sold fail it."""
    raises: list[Raise] = []
    gone: list[str] = []
    for check in CHECKS:
        if not check.opens_case:
            continue
        costly = store.load_costly(tx, check.name, WAITERS)
        if costly:
            raises.append(_raise(check, costly))
        else:
            gone.append(f"check/{check.name}")
    known = load_waiting(tx, CaseKind.MASTER_DATA, [one.cause_key for one in raises], "sku")
    left: list[tuple[str, str, str, int]] = []
    for one in raises:
        stays = {waiter.subject_id for waiter in one.waiters}
        mended = [sku_id for sku_id in known.get(one.cause_key, []) if sku_id not in stays]
        left += [(str(one.kind), one.cause_key, "sku", sku_id) for sku_id in mended]
    leave_cases(tx, left)
    close_by_cause(tx, CaseKind.MASTER_DATA, gone, "no SKU that is sold fails it any more")
    raise_cases(tx, configuration, raises)


def _raise(check: Check, costly: Sequence[tuple[int, int, int]]) -> Raise:
    count = f"{WAITERS}+" if len(costly) == WAITERS else f"{len(costly):,}"
    many = "1 SKU that is sold" if len(costly) == 1 else f"{count} SKUs that are sold"
    return Raise(
        kind=CaseKind.MASTER_DATA,
        cause_key=f"check/{check.name}",
        title=f"{many}: {check.words}",
        data={"check": check.name, "fix": check.fix, "weight": check.weight},
        waiters=tuple(Waiter("sku", sku_id, units, money) for sku_id, units, money in costly),
    )
