"""Access owns people, what their roles allow, their tokens, and the audit of their acts.

Always true: of a token, session or link only the SHA-256 is stored; a sign-in link works once; every act of a person
is a row of the audit, numbered without a gap and hashing the row before it, and the chain ends where its head says.
Nobody acts without a name: what runs by itself acts as SYSTEM, who has no token and cannot sign in.
"""

from .model import SYSTEM, AuditEntry, Permission, Person, Role, TokenInfo, TokenKind
from .rules import GRANTS, PermissionDenied, may, require, roles_that_may
from .service import (
    OtherRole,
    ReservedName,
    ask_person,
    authenticate,
    create_token,
    ensure_person,
    record_act,
    redeem_link,
    revoke_secret,
    revoke_token,
)
from .views import load_audit, load_tokens, verify_audit

__all__ = [
    "GRANTS",
    "SYSTEM",
    "AuditEntry",
    "OtherRole",
    "Permission",
    "PermissionDenied",
    "Person",
    "ReservedName",
    "Role",
    "TokenInfo",
    "TokenKind",
    "ask_person",
    "authenticate",
    "create_token",
    "ensure_person",
    "load_audit",
    "load_tokens",
    "may",
    "record_act",
    "redeem_link",
    "require",
    "revoke_secret",
    "revoke_token",
    "roles_that_may",
    "verify_audit",
]
