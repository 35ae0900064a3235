"""The statements of the room, one typed function each."""

from datetime import datetime

import msgspec

from stocktower.platform import Transaction, load_queries

_Q = load_queries(__package__)


class Version(msgspec.Struct, frozen=True):
    """Who applied a version, on which base, and when."""

    version: int
    base_version: int
    author: str
    applied_at: datetime
    sha256: str


def find_latest(tx: Transaction) -> tuple[int, str] | None:
    """The version that is applied, with the hash of its text."""
    rows = tx.tuples(_Q.find_latest)
    return (rows[0][0], rows[0][1]) if rows else None


def find_version_at(tx: Transaction, at: datetime) -> tuple[int, str] | None:
    """The version that was applied at an instant, with the hash of its text."""
    rows = tx.tuples(_Q.find_version_at, at=at)
    return (rows[0][0], rows[0][1]) if rows else None


def load_text(tx: Transaction, version: int) -> str | None:
    """The text of one version."""
    return tx.value(_Q.load_text, version=version)


def record_version(tx: Transaction, version: int, base_version: int, author: str, text: str, sha256: str) -> bool:
    """Record a version; False when somebody else recorded that number."""
    return (
        tx.execute(
            _Q.record_version, version=version, base_version=base_version, author=author, text=text, sha256=sha256
        )
        == 1
    )


def load_versions(tx: Transaction) -> list[Version]:
    """All versions, the newest first."""
    return tx.fetch(_Q.load_versions, Version)
