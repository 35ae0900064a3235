"""Commands: apply a configuration on the version it was based on; read the applied one."""

import hashlib
from datetime import datetime

import msgspec

from stocktower.platform import Event, Transaction

from . import store
from .loading import load_configuration
from .model import Configuration
from .rules import Change, difference
from .store import Version

# By hash of the text: a version's text never changes, so neither does what it says.
_read: dict[str, Configuration] = {}


class NotApplied(Exception):
    """No configuration is applied yet."""

    def __init__(self) -> None:
        super().__init__("no configuration is applied yet; run: stocktower apply")


class NotAppliedThen(NotApplied):
    """No configuration was applied at an instant of the past."""

    def __init__(self, at: datetime, first_at: datetime | None) -> None:
        Exception.__init__(
            self,
            f"nothing was applied at {at.isoformat()}, so nothing could be sold; "
            + (f"the first configuration is of {first_at.isoformat()}" if first_at else "run: stocktower apply"),
        )


class StaleBase(Exception):
    """Somebody else applied a version since the one that this change was based on."""

    def __init__(self, base: int, current: int, author: str) -> None:
        super().__init__(
            f"based on version {base}, and {author} applied version {current} since; look at what changed "
            f"(stocktower apply --dry-run --base {current}), then apply with --base {current}"
        )


class Applied(msgspec.Struct, frozen=True):
    """A recorded version."""

    version: int
    configuration: Configuration


class ApplyOutcome(msgspec.Struct, frozen=True):
    """What applying did: no changes means that nothing was recorded."""

    version: int
    configuration: Configuration
    changes: tuple[Change, ...]


def apply_configuration(
    tx: Transaction, text: str, *, base_version: int | None, author: str, file: str
) -> ApplyOutcome:
    """Record a text as the next version where it says something new; compare-and-set on its base.

    What says what is applied already is done, whatever it was based on: it may be the same command after a crash.
    Raises ConfigurationError, StaleBase.
    """
    configuration = load_configuration(text, file=file)
    latest = store.find_latest(tx)
    current = latest[0] if latest else 0
    old = load_applied(tx).configuration if latest else None
    changes = tuple(difference(old, configuration))
    if not changes:
        return ApplyOutcome(current, configuration, ())
    if base_version is not None and base_version != current:
        raise StaleBase(base_version, current, author_of(tx, current))
    version = current + 1
    if not store.record_version(tx, version, current, author, text, hashlib.sha256(text.encode()).hexdigest()):
        raise StaleBase(current, version, author_of(tx, version))
    tx.emit(
        Event(
            kind="configuration.applied",
            subject="configuration",
            subject_id=version,
            occurred_at=tx.now,
            data=msgspec.json.encode({"version": version, "author": author, "changes": len(changes)}),
        )
    )
    return ApplyOutcome(version, configuration, changes)


def author_of(tx: Transaction, version: int) -> str:
    """Who applied a version."""
    return next((item.author for item in store.load_versions(tx) if item.version == version), "somebody")


def load_applied(tx: Transaction) -> Applied:
    """The applied configuration; raises NotApplied."""
    latest = store.find_latest(tx)
    if latest is None:
        raise NotApplied
    return _applied(tx, *latest)


def load_applied_at(tx: Transaction, at: datetime) -> Applied:
    """The configuration that was applied at an instant; raises NotAppliedThen."""
    found = store.find_version_at(tx, at)
    if found is None:
        versions = store.load_versions(tx)
        raise NotAppliedThen(at, versions[-1].applied_at if versions else None)
    return _applied(tx, *found)


def _applied(tx: Transaction, version: int, sha256: str) -> Applied:
    if sha256 not in _read:
        _read[sha256] = read_version(tx, version)
    return Applied(version, _read[sha256])


def load_applied_version(tx: Transaction, version: int) -> Applied:
    """An earlier configuration, as it was recorded; raises NotApplied for one that never was."""
    return Applied(version, read_version(tx, version))


def read_version(tx: Transaction, version: int) -> Configuration:
    """Read the text of a version."""
    text = store.load_text(tx, version)
    if text is None:
        raise NotApplied
    return load_configuration(text, file=f"version {version}")


def load_versions(tx: Transaction) -> list[Version]:
    """All versions, the newest first."""
    return store.load_versions(tx)
