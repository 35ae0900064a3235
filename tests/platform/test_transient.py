"""Which errors mean: the same transaction may well succeed when it is run again."""

import psycopg
import pytest

from stocktower.platform import is_transient


@pytest.mark.parametrize(
    "kind",
    [
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.AdminShutdown,
        psycopg.OperationalError,
    ],
)
def test_worth_another_try(kind: type[psycopg.Error]) -> None:
    assert is_transient(kind())


@pytest.mark.parametrize("kind", [psycopg.errors.CheckViolation, psycopg.errors.UndefinedTable, ValueError])
def test_not_worth_another_try(kind: type[Exception]) -> None:
    assert not is_transient(kind())
