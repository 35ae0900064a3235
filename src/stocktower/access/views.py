"""What people did, whether its record is whole, and which tokens there are."""

from collections.abc import Sequence

from stocktower.platform import Transaction

from . import rules, store
from .model import AuditEntry, TokenInfo, TokenKind

MOST_PROBLEMS = 100
_CHUNK = 2_000
_END = 2**63 - 1


def load_audit(tx: Transaction, limit: int = 100, before: int | None = None) -> list[AuditEntry]:
    """The last acts, newest first; `before`: only those with a lower sequence."""
    return store.load_audit(tx, _END if before is None else before, limit)


def load_tokens(tx: Transaction, kinds: Sequence[TokenKind] = ("api",)) -> list[TokenInfo]:
    """The tokens of some kinds, newest first, also those that are no longer valid."""
    return store.load_tokens(tx, kinds)


def verify_audit(tx: Transaction) -> list[str]:
    """What is wrong with the audit, a sentence each (at most MOST_PROBLEMS): changed, missing or cut-off rows.

    It reads in chunks, so call it in one consistent view (`Database.reading`).
    """
    problems: list[str] = []
    last = (0, rules.GENESIS)
    while rows := store.load_chain_rows(tx, last[0], _CHUNK):
        found, last = rules.decide_chain_problems(tx.merchant_id, rows, last)
        problems += found
        if len(problems) >= MOST_PROBLEMS:
            return problems[:MOST_PROBLEMS]
    head = store.load_chain_head(tx) or (0, rules.GENESIS)
    if head[0] != last[0]:
        problems.append(f"audit: ends with {last[0]} where its head says {head[0]}; rows were cut off or added")
    elif head[1] != last[1]:
        problems.append(f"audit {last[0]}: the last row is not the one that its head says")
    return problems
