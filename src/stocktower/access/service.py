"""Commands on people and tokens, and the record of acts, inside the caller's transaction.

`record_act` locks the end of the audit, so that a command calls it after its other locks, as its last act.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Answer, Transaction

from . import rules, store
from .model import SYSTEM, Person, Role, TokenKind


class OtherRole(ValueError):
    """The name belongs to somebody with another role; a role is never changed by the way."""


class ReservedName(ValueError):
    """The name is empty, or belongs to Stocktower itself."""


def record_act(
    tx: Transaction, act: str, subject: str, subject_id: int, data: Mapping[str, Any], *, actor: str | None = None
) -> int:
    """Write an act of a person (the transaction's actor, where none is named) to the audit, and say its sequence.

    The audit of a merchant is one chain: acts that happen at once wait for each other's commit here.
    """
    if tx.allowed_by:
        data = {**data, "allowed_by": tx.allowed_by}
    sequence, previous, text = store.take_chain(tx, rules.GENESIS, msgspec.json.encode(data))
    content = (actor or tx.actor, str(act), str(subject), subject_id, text)
    sha256 = rules.seal(tx.merchant_id, previous, sequence, tx.now, content)
    store.append_audit(tx, sequence, content, previous, sha256)
    return sequence


def record_refusal(tx: Transaction, refusal: rules.PermissionDenied) -> None:
    """Write to the audit that somebody was refused what the operating model gives to another role."""
    person = refusal.person
    data = {"permission": refusal.permission, "role": person.role, "refused_by": str(refusal.override)}
    record_act(tx, "access.refuse", "person", person.person_id, data, actor=person.name)


def apply_overrides(tx: Transaction, stated: Mapping[str, str], version: int) -> None:
    """Take over what a version of the configuration states of who may do what; what it leaves out is over."""
    store.drop_overrides(tx, list(stated))
    store.upsert_overrides(tx, stated, version)


def find_operator(tx: Transaction, name: str) -> Person:
    """Who works at the command line under a name: the person who has it, else an administrator, as who runs it is."""
    return store.find_person(tx, name) or Person(0, name, Role.ADMINISTRATOR, store.load_overrides(tx))


def ensure_person(tx: Transaction, name: str, role: Role | str) -> Person:
    """Who has this name, added with the role where nobody does; raises OtherRole, ReservedName, ValueError (role)."""
    name, role = name.strip(), Role(role)
    if not name or name == SYSTEM.name:
        raise ReservedName(f"{name!r} cannot be the name of a person or an outside system; choose another")
    added = store.insert_person(tx, name, role)
    person = store.find_person(tx, name)
    assert person is not None
    if person.role != role:
        raise OtherRole(f"{name} is known as {person.role}, not {role}; choose another name, or leave the role")
    if added:
        record_act(tx, "person.add", "person", person.person_id, {"name": name, "role": role})
    return person


def create_token(
    tx: Transaction, person: Person, *, kind: TokenKind, label: str, expires_at: datetime | None, secret: str
) -> str:
    """Let a secret (long, and made by chance, by the caller) open the door for a person; gives the secret back."""
    token_id = store.insert_token(tx, person.person_id, kind, label, rules.hash_secret(secret), expires_at)
    data = {"person": person.name, "kind": kind, "label": label, "expires_at": expires_at}
    record_act(tx, "token.create", "token", token_id, data)
    return secret


def authenticate(tx: Transaction, secret: str, kinds: Sequence[TokenKind]) -> Person | None:
    """Whose secret it is, where it is a token or session of these kinds, not expired, revoked or of a disabled person.

    It changes nothing; a link is never an answer, since it must be redeemed.
    """
    return ask_person(tx, secret, kinds).get()


def ask_person(tx: Transaction, secret: str, kinds: Sequence[TokenKind]) -> Answer[Person | None]:
    """Whose secret it is, as `authenticate` says, later: several are asked in one round trip."""
    return store.ask_bearer(tx, rules.hash_secret(secret), kinds)


def redeem_link(tx: Transaction, secret: str, session_secret: str, expires_at: datetime | None) -> Person | None:
    """Use a sign-in link up and open a session for its person; None when it is not valid, or was used before."""
    person = store.use_link(tx, rules.hash_secret(secret))
    if person is None:
        return None
    label = "signed in by link"
    token_id = store.insert_token(
        tx, person.person_id, "session", label, rules.hash_secret(session_secret), expires_at
    )  # fmt: skip
    record_act(tx, "session.open", "token", token_id, {"by": "link", "expires_at": expires_at}, actor=person.name)
    return person


def revoke_token(tx: Transaction, token_id: int) -> bool:
    """End a token, session or link; False when there is none, or it was ended before.

    Web processes look sessions up at each request, and tokens of the API once a second.
    """
    revoked = store.revoke_token(tx, token_id)
    if revoked:
        record_act(tx, "token.revoke", "token", token_id, {})
    return revoked


def revoke_secret(tx: Transaction, secret: str) -> bool:
    """End the token or session of a secret, as signing out does; False when there is none."""
    token_id = store.find_token(tx, rules.hash_secret(secret))
    return token_id is not None and revoke_token(tx, token_id)
