"""Pure rules: who owns what, whether a model runs, case policies, entities, rates, differences of versions."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any, cast

import msgspec

from stocktower.kernel import TOWER, CaseKind, Domain, Role, Step

from .model import CasePolicy, Configuration

_ERP, _CHANNEL, _SITES = "erp", "channel", "sites"
_ALL_TOWER = dict.fromkeys((step.value for step in Step), TOWER) | {Step.FULFIL.value: _SITES}

PRESETS: dict[str, dict[str, str]] = {
    "oms-led": {
        Domain.PRODUCT: _ERP, Domain.PRICE: _ERP, Domain.CUSTOMER: TOWER, Domain.INVENTORY: TOWER, Domain.ORDER: TOWER,
        Domain.FULFILLMENT: TOWER, Domain.PAYMENT: _CHANNEL, Domain.BOOKS: TOWER, **_ALL_TOWER,
    },
    "erp-centric": {
        **dict.fromkeys((domain.value for domain in Domain), _ERP), Domain.PAYMENT: _CHANNEL, **_ALL_TOWER,
        Step.RESERVE: _ERP, Step.ROUTE: _ERP, Step.RELEASE: _ERP, Step.POST: _ERP,
    },
    "commerce-centric": {
        **dict.fromkeys((domain.value for domain in Domain), _CHANNEL), Domain.BOOKS: _ERP, **_ALL_TOWER,
        Step.RESERVE: _CHANNEL, Step.ROUTE: _CHANNEL, Step.RELEASE: _CHANNEL, Step.POST: _ERP,
    },
    "hub": {
        **dict.fromkeys((domain.value for domain in Domain), _ERP), Domain.PAYMENT: _CHANNEL, **_ALL_TOWER,
        Step.VALIDATE: _ERP, Step.RESERVE: _ERP, Step.ROUTE: _ERP, Step.RELEASE: _ERP, Step.POST: _ERP,
    },
}  # fmt: skip
"""Owners of domains and steps by preset; a step and a domain never share a name."""

DEFAULT_POLICIES: dict[str, CasePolicy] = {
    CaseKind.UNMAPPED_LISTING: CasePolicy(Role.DATA_STEWARD, 4),
    CaseKind.UNREADABLE_ROW: CasePolicy(Role.INTEGRATOR, 8),
    CaseKind.TOTAL_MISMATCH: CasePolicy(Role.FINANCE, 8),
    CaseKind.ADDRESS: CasePolicy(Role.CUSTOMER_SERVICE, 8),
    CaseKind.NO_STOCK: CasePolicy(Role.OPERATIONS, 24),
    CaseKind.NO_SITE: CasePolicy(Role.OPERATIONS, 8),
    CaseKind.SHORTFALL: CasePolicy(Role.WAREHOUSE, 4),
    CaseKind.UNIT_MISMATCH: CasePolicy(Role.WAREHOUSE, 8),
    CaseKind.NOT_ACKNOWLEDGED: CasePolicy(Role.WAREHOUSE, 4),
    CaseKind.AUTHORISATION_EXPIRING: CasePolicy(Role.CUSTOMER_SERVICE, 12),
    CaseKind.CHANNEL_DARK: CasePolicy(Role.INTEGRATOR, 2),
    CaseKind.COST_UNKNOWN: CasePolicy(Role.FINANCE, 24),
    CaseKind.PARKED_MESSAGE: CasePolicy(Role.INTEGRATOR, 4),
    CaseKind.BROKEN_INVARIANT: CasePolicy(Role.ADMINISTRATOR, 1),
    CaseKind.FRAUD_REVIEW: CasePolicy(Role.CUSTOMER_SERVICE, 8),
    CaseKind.CONFIRMATION_MISMATCH: CasePolicy(Role.WAREHOUSE, 8),
    CaseKind.RECEIPT_OVER: CasePolicy(Role.WAREHOUSE, 24),
    CaseKind.RECEIPT_SHORT: CasePolicy(Role.OPERATIONS, 24),
    CaseKind.LOT_RECALLED: CasePolicy(Role.OPERATIONS, 2),
    CaseKind.LOT_EXPIRED: CasePolicy(Role.WAREHOUSE, 4),
    CaseKind.STOCK_DIFFERENCE: CasePolicy(Role.OPERATIONS, 24),
    CaseKind.STATEMENT_OVERDUE: CasePolicy(Role.INTEGRATOR, 8),
    CaseKind.COUNT_APPROVAL: CasePolicy(Role.OPERATIONS, 8),
    CaseKind.TRANSFER_DISCREPANCY: CasePolicy(Role.WAREHOUSE, 24),
    CaseKind.PROMISE_BROKEN: CasePolicy(Role.CUSTOMER_SERVICE, 8),
    CaseKind.ADJUSTMENT_APPROVAL: CasePolicy(Role.OPERATIONS, 24),
    CaseKind.MASTER_DATA: CasePolicy(Role.DATA_STEWARD, 72),
    CaseKind.REFERENCE_MISSING: CasePolicy(Role.OPERATIONS, 8),
    CaseKind.SNAPSHOT_DIFFERENCE: CasePolicy(Role.OPERATIONS, 24),
    CaseKind.SNAPSHOT_INCOMPLETE: CasePolicy(Role.OPERATIONS, 8),
    CaseKind.BIN_DIFFERENCE: CasePolicy(Role.WAREHOUSE, 24),
}


class WillNotRun(Exception):
    """An operating model that this version reads and checks, and does not run."""


class RateMissing(Exception):
    """No stated rate between two currencies on a date."""


class Change(msgspec.Struct, frozen=True):
    """One difference between two configurations."""

    path: str
    before: str
    after: str


def owner_of(configuration: Configuration, name: str) -> str:
    """The system that owns a domain or a step."""
    m = configuration.operating_model
    return m.domains.get(name) or m.steps.get(name) or PRESETS[m.preset][name]


def check_runs(configuration: Configuration) -> None:
    """Raise WillNotRun unless the tower owns what this version does."""
    preset = configuration.operating_model.preset
    if preset != "oms-led":
        raise WillNotRun(
            f'operating_model.preset = "{preset}" is read and checked, and this version does not run it; '
            'set preset = "oms-led"'
        )
    for name in (Domain.INVENTORY, Step.CAPTURE, Step.VALIDATE, Step.RESERVE, Step.ROUTE, Step.RELEASE):
        owner = owner_of(configuration, name)
        if owner != TOWER:
            raise WillNotRun(
                f'operating_model gives {name} to "{owner}"; this version runs it only by itself; '
                'leave it out or set it to "tower"'
            )


def case_policy(configuration: Configuration, kind: str) -> CasePolicy:
    """Who answers for a kind of case, and how soon."""
    return configuration.cases.get(kind) or DEFAULT_POLICIES[kind]


def entity_of_channel(configuration: Configuration, code: str) -> str:
    """The legal entity that sells in a channel."""
    return next(item.entity for item in configuration.channels if item.code == code) or configuration.entities[0].code


def entity_of_site(configuration: Configuration, code: str) -> str:
    """The legal entity that owns what lies at a site."""
    return next(item.entity for item in configuration.sites if item.code == code) or configuration.entities[0].code


def rate(configuration: Configuration, source: str, target: str, on: date) -> Fraction:
    """The stated rate of a date: 1 source is so many target; raises RateMissing."""
    if source == target:
        return Fraction(1)
    stated = [
        item for item in configuration.rates if (item.source, item.target) == (source, target) and item.since <= on
    ]
    if not stated:
        raise RateMissing(f"no rate from {source} to {target} on {on}; add [[rates]] to the configuration and apply it")
    return Fraction(max(stated, key=lambda item: item.since).rate)


def difference(old: Configuration | None, new: Configuration) -> list[Change]:
    """What changes from one configuration to the next, path by path; tables with a code are matched by it."""
    before = dict(leaves(msgspec.to_builtins(old), "")) if old is not None else {}
    after = dict(leaves(msgspec.to_builtins(new), ""))
    paths = list(dict.fromkeys([*after, *before]))
    return [
        Change(path, before.get(path, ""), after.get(path, "")) for path in paths if before.get(path) != after.get(path)
    ]


def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every single value with its path."""
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        for key, inner in table.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
        return
    items: list[Any] = list(cast("tuple[Any, ...]", value)) if isinstance(value, list | tuple) else []
    if items and isinstance(items[0], dict):
        for n, inner in enumerate(items):
            yield from leaves(inner, f"{path}[{name_of(inner, n)}]")
    else:
        yield path, str(cast("object", value))


def name_of(item: Any, n: int) -> str:
    """How a table of a list is called: by its code, or by what it is a rule for."""
    keys = ("code",) if "code" in item else ("channel", "site", "sku", "source", "target", "since")
    return "/".join(str(item[key]) for key in keys if key in item) or str(n + 1)
