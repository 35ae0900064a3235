"""Which errors mean: the same transaction may well succeed when it is run again."""

import psycopg
import pytest

from stocktower.platform import is_transient, run_again


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


def test_a_command_is_run_again_only_where_that_may_help() -> None:
    tries: list[Exception] = [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()]

    def command() -> str:
        if tries:
            raise tries.pop()
        return "done"

    assert run_again(command) == "done"
    tries += [psycopg.errors.DeadlockDetected(), ValueError("never")]
    with pytest.raises(ValueError, match="never"):
        run_again(command)
    assert len(tries) == 1
