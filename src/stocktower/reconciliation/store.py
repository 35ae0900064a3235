"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stocktower.platform import Transaction, load_queries

from .model import Allowance, CauseCount, Difference, Key, Moved, Run, Statement, SystemRow, UnknownLine, Verdict

_Q = load_queries(__package__)


def insert_systems(tx: Transaction, codes: Sequence[str]) -> None:
    """Give systems their rows; those that have one keep it."""
    tx.execute(_Q.insert_systems, system_ids=tx.new_ids(len(codes)), codes=list(codes))


def load_systems(tx: Transaction) -> list[SystemRow]:
    """The systems that were ever applied, by code."""
    return tx.fetch(_Q.load_systems, SystemRow)


def lock_system(tx: Transaction, system_id: int) -> SystemRow | None:
    """A system, locked."""
    return tx.fetch_one(_Q.lock_system, SystemRow, system_id=system_id)


def note_spoken(tx: Transaction, system_id: int, as_of: datetime) -> None:
    """The last instant that a system spoke of."""
    tx.execute(_Q.note_spoken, system_id=system_id, as_of=as_of)


def open_statements(
    tx: Transaction, fresh: Sequence[tuple[int, datetime, str, bool, int]]
) -> dict[tuple[int, datetime, str], int]:
    """(system, as of, digest, complete, message) -> the id of each statement, new where its first part comes."""
    rows = tx.tuples(
        _Q.open_statements,
        statement_ids=tx.new_ids(len(fresh)),
        system_ids=[one[0] for one in fresh],
        as_ofs=[one[1] for one in fresh],
        digests=[one[2] for one in fresh],
        completes=[one[3] for one in fresh],
        message_ids=[one[4] for one in fresh],
    )
    return {(system_id, as_of, digest): statement_id for statement_id, system_id, as_of, digest in rows}


def record_lines(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of statements, in the columns of the declared COPY."""
    tx.copy(_Q.line, rows)


def count_parts(tx: Transaction, parts: Sequence[tuple[int, int, int, int, int]]) -> list[Statement]:
    """(statement, parts received, lines, unreadable rows, parts in all or 0): gives back the headers."""
    return tx.fetch(
        _Q.count_parts,
        Statement,
        statement_ids=[one[0] for one in parts],
        received=[one[1] for one in parts],
        lines=[one[2] for one in parts],
        unreadables=[one[3] for one in parts],
        parts=[one[4] for one in parts],
    )


def load_statements(tx: Transaction, statement_ids: Sequence[int]) -> list[Statement]:
    """Statements by id."""
    return tx.fetch(_Q.load_statements, Statement, statement_ids=list(statement_ids))


def load_last_statements(tx: Transaction) -> list[Statement]:
    """The newest whole statement of each system."""
    return tx.fetch(_Q.load_last_statements, Statement)


def compare(tx: Transaction, **params: Any) -> Run:
    """Compare a statement and write the run with what differs."""
    found = tx.fetch_one(_Q.compare, Run, **params)
    assert found is not None
    return found


def load_differing_skus(tx: Transaction, run_id: int, after: int, limit: int) -> list[int]:
    """The next SKUs that differ by more than the tolerance."""
    return tx.values(_Q.load_differing_skus, run_id=run_id, after=after, limit=limit)


def load_differences_of(tx: Transaction, run_id: int, sku_ids: Sequence[int]) -> list[Difference]:
    """What differs of some SKUs."""
    return tx.fetch(_Q.load_differences_of, Difference, run_id=run_id, sku_ids=list(sku_ids))


def load_pairs(tx: Transaction, run_id: int) -> dict[Key, int]:
    """Lines whose difference is equal and opposite to that of one other SKU."""
    return {Key(*row[:4]): row[4] for row in tx.tuples(_Q.load_pairs, run_id=run_id)}


def load_moves_near(
    tx: Transaction,
    run_id: int,
    sku_ids: Sequence[int],
    *,
    since: datetime,
    as_of: datetime,
    until: datetime,
    limit: int,
) -> list[tuple[Key, Moved]]:
    """The moves near the instant of the lines of some SKUs, by time."""
    rows = tx.tuples(
        _Q.load_moves_near, run_id=run_id, sku_ids=list(sku_ids), since=since, as_of=as_of, until=until, limit=limit
    )
    return [(Key(*row[:4]), Moved(*row[4:])) for row in rows]


def load_underway(
    tx: Transaction, sku_ids: Sequence[int], site_ids: Sequence[int], as_of: datetime
) -> list[tuple[int, int, int, int, int]]:
    """(SKU, site, order, fulfillment, units) that requests are to ship."""
    return tx.tuples(_Q.load_underway, sku_ids=list(sku_ids), site_ids=list(site_ids), as_of=as_of)


def load_unworked(tx: Transaction, limit: int) -> list[tuple[int, str, bytes]]:
    """(message, kind, body) of what sites have told and is not worked."""
    return tx.tuples(_Q.load_unworked, limit=limit)


def record_verdicts(tx: Transaction, run_id: int, verdicts: Sequence[tuple[Key, Verdict, str]]) -> None:
    """(line, verdict, evidence as JSON text)."""
    tx.execute(
        _Q.record_verdicts,
        run_id=run_id,
        sku_ids=[key.sku_id for key, _, _ in verdicts],
        site_ids=[key.site_id for key, _, _ in verdicts],
        statuses=[key.status for key, _, _ in verdicts],
        lots=[key.lot for key, _, _ in verdicts],
        causes=[str(verdict.cause) for _, verdict, _ in verdicts],
        confidences=[verdict.confidence for _, verdict, _ in verdicts],
        evidences=[text for _, _, text in verdicts],
    )


def record_causes(tx: Transaction, run_id: int) -> None:
    """What a run found by cause."""
    tx.execute(_Q.record_causes, run_id=run_id)


def record_standing(tx: Transaction, run: Run) -> None:
    """What a run found stands now."""
    tx.execute(_Q.record_standing, run_id=run.run_id, system_id=run.system_id, as_of=run.as_of)


def note_compared(tx: Transaction, statement_id: int) -> None:
    """A statement was compared."""
    tx.execute(_Q.note_compared, statement_id=statement_id)


def drop_lines(tx: Transaction, system_id: int, as_of: datetime) -> None:
    """Rows of statements older than an instant go."""
    tx.execute(_Q.drop_lines, system_id=system_id, as_of=as_of)


def load_standing_causes(tx: Transaction, system_id: int) -> list[CauseCount]:
    """What stands of a system by cause and is worth a case."""
    return tx.fetch(_Q.load_standing_causes, CauseCount, system_id=system_id)


def load_standing_skus(tx: Transaction, system_id: int, cause: str, limit: int) -> list[tuple[int, int, int]]:
    """(SKU, units, value) that stand under a cause and are worth a case."""
    return tx.tuples(_Q.load_standing_skus, system_id=system_id, cause=cause, limit=limit)


def load_standing_lines(
    tx: Transaction, system_id: int, cause: str, sku_id: int, limit: int, offset: int
) -> list[tuple[Difference, datetime]]:
    """What stands under a cause, with the instant of its statement."""
    rows = tx.tuples(
        _Q.load_standing_lines, system_id=system_id, cause=cause, sku_id=sku_id, limit=limit, offset=offset
    )
    return [(Difference(*row[:14]), row[14]) for row in rows]


def count_standing(tx: Transaction) -> list[tuple[int, CauseCount, datetime]]:
    """What stands of each system by cause, and since when."""
    return [(row[0], CauseCount(*row[1:5]), row[5]) for row in tx.tuples(_Q.count_standing)]


def load_runs(tx: Transaction, system_id: int, limit: int) -> list[Run]:
    """The last runs of a system, the newest first."""
    return tx.fetch(_Q.load_runs, Run, system_id=system_id, limit=limit)


def load_run_causes(tx: Transaction, run_ids: Sequence[int]) -> list[tuple[int, CauseCount]]:
    """What some runs found by cause."""
    return [(row[0], CauseCount(*row[1:])) for row in tx.tuples(_Q.load_run_causes, run_ids=list(run_ids))]


def load_unknown(tx: Transaction, run_id: int, limit: int) -> list[UnknownLine]:
    """Lines of a run that name nothing of ours."""
    return tx.fetch(_Q.load_unknown, UnknownLine, run_id=run_id, limit=limit)


def insert_allowance(
    tx: Transaction, *, allowance_id: int, system_id: int, cause: str, units: int, reason: str, until_at: datetime
) -> None:
    """Leave differences of a cause out of the cases."""
    tx.execute(
        _Q.insert_allowance, allowance_id=allowance_id, system_id=system_id, cause=cause, units=units, reason=reason,
        actor=tx.actor, until_at=until_at,
    )  # fmt: skip


def load_allowances(tx: Transaction, system_id: int) -> list[Allowance]:
    """What is left out of the cases of a system now."""
    return tx.fetch(_Q.load_allowances, Allowance, system_id=system_id)
