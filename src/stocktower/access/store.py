"""The statements of the room, one typed function each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Answer, Transaction, load_queries

from .model import AuditEntry, ChainRow, Override, Permission, Person, Role, TokenInfo

_Q = load_queries(__package__)


def _person(rows: Sequence[tuple[Any, ...]]) -> Person | None:
    return Person(rows[0][0], rows[0][1], Role(rows[0][2]), _overrides(rows[0][3])) if rows else None


def _overrides(stated: str) -> tuple[Override, ...]:
    rows: list[tuple[str, str, int]] = msgspec.json.decode(stated)
    return tuple([Override(Permission(name), Role(role), version) for name, role, version in rows])


def drop_overrides(tx: Transaction, permissions: Sequence[str]) -> None:
    """Forget all overrides but some."""
    tx.execute(_Q.drop_overrides, permissions=list(permissions))


def upsert_overrides(tx: Transaction, stated: Mapping[str, str], version: int) -> None:
    """Write overrides; one that stays as it was keeps the version in which it was stated first."""
    tx.execute(_Q.upsert_overrides, permissions=list(stated), roles=list(stated.values()), version=version)


def load_overrides(tx: Transaction) -> tuple[Override, ...]:
    """All overrides."""
    return _overrides(tx.value(_Q.load_overrides))


def insert_person(tx: Transaction, name: str, role: Role) -> bool:
    """Add somebody; False when the name is known."""
    return tx.execute(_Q.insert_person, person_id=tx.new_id(), name=name, role=str(role)) == 1


def find_person(tx: Transaction, name: str) -> Person | None:
    """Who has a name."""
    return _person(tx.tuples(_Q.find_person, name=name))


def insert_token(
    tx: Transaction, person_id: int, kind: str, label: str, sha256: bytes, expires_at: datetime | None
) -> int:
    """Add a token and say its id."""
    token_id = tx.new_id()
    tx.execute(
        _Q.insert_token, token_id=token_id, person_id=person_id, kind=kind, label=label, sha256=sha256,
        expires_at=expires_at,
    )  # fmt: skip
    return token_id


def ask_bearer(tx: Transaction, sha256: bytes, kinds: Sequence[str]) -> Answer[Person | None]:
    """Whose valid token a secret is, later."""
    return tx.ask_tuples(_Q.find_bearer, sha256=sha256, kinds=list(kinds)).then(_person)


def use_link(tx: Transaction, sha256: bytes) -> Person | None:
    """Use a link up; whose it is."""
    return _person(tx.tuples(_Q.use_link, sha256=sha256))


def find_token(tx: Transaction, sha256: bytes) -> int | None:
    """The token of a secret."""
    return tx.value(_Q.find_token, sha256=sha256)


def revoke_token(tx: Transaction, token_id: int) -> bool:
    """End a token; False when there is none, or it was ended before."""
    return tx.execute(_Q.revoke_token, token_id=token_id) == 1


def load_tokens(tx: Transaction, kinds: Sequence[str]) -> list[TokenInfo]:
    """The tokens of some kinds."""
    return tx.fetch(_Q.load_tokens, TokenInfo, kinds=list(kinds))


def take_chain(tx: Transaction, genesis: bytes, data: bytes) -> tuple[int, bytes, str]:
    """Lock the end of the audit: the next sequence, the hash before it, and the data as the database writes it."""
    sequence, previous, text = tx.tuples(_Q.take_chain, genesis=genesis, data=data.decode())[0]
    return sequence, previous, text


def append_audit(
    tx: Transaction, sequence: int, act: tuple[str, str, str, int, str], previous: bytes, sha256: bytes
) -> None:
    """Write an act and move the end of the chain to it."""
    actor, name, subject, subject_id, data = act
    tx.execute(
        _Q.append_audit, sequence=sequence, actor=actor, act=name, subject=subject, subject_id=subject_id, data=data,
        previous_sha256=previous, sha256=sha256,
    )  # fmt: skip
    tx.execute(_Q.move_chain, sha256=sha256)


def load_chain_head(tx: Transaction) -> tuple[int, bytes] | None:
    """The sequence and hash that the audit should end with."""
    rows = tx.tuples(_Q.load_chain_head)
    return (rows[0][0], rows[0][1]) if rows else None


def load_chain_rows(tx: Transaction, after: int, limit: int) -> list[ChainRow]:
    """A chunk of the audit with its hashes."""
    return tx.fetch(_Q.load_chain_rows, ChainRow, after=after, limit=limit)


def load_audit(tx: Transaction, before: int, limit: int) -> list[AuditEntry]:
    """The acts before a sequence, the last first."""
    rows = tx.tuples(_Q.load_audit, before=before, limit=limit)
    return [AuditEntry(*row[:6], data=msgspec.json.decode(row[6])) for row in rows]
