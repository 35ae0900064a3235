"""The database of an installation: a small pool of connections, and the edge where transactions begin and commit."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus

from .clock import Clock
from .connection import connect
from .copytext import HoldsNul
from .ids import IdSource, SequenceIds
from .sql import load_queries
from .transaction import Transaction
from .wire import wire_of

T = TypeVar("T")

_QUERIES = load_queries(__package__)
_BEGIN = "BEGIN"
_FORGET_PLANS = b"DISCARD PLANS"
_REPLAN_EVERY = 64
"""A plan that was made while a table was small stays with its connection, and reads all of it when it has grown; so a
connection forgets its plans after so many transactions: to make them anew costs a hundredth of what they save."""
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class NoFreeConnection(Exception):
    """Every connection of this process is in use, and none came back in time."""


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it is run again: a deadlock, a lost connection, a restart."""
    return isinstance(
        error,
        (
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
            psycopg.errors.TransactionRollback,
            psycopg.errors.AdminShutdown,
            psycopg.errors.CrashShutdown,
            psycopg.errors.CannotConnectNow,
            psycopg.errors.TooManyConnections,
            psycopg.errors.LockNotAvailable,
            NoFreeConnection,
        ),
    ) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None)


def unusable_value(error: BaseException) -> str:
    """What is wrong with a value that was given and that PostgreSQL cannot hold; empty: the error is another one."""
    if isinstance(error, HoldsNul):
        return "A text holds a NUL character; leave it out."
    if isinstance(error, psycopg.errors.NumericValueOutOfRange) and "portal parameter" in (error.diag.context or ""):
        return "A number is too large; no number here has more than 18 digits."
    return ""


_PAUSES = (0.05, 0.2, 0.5, 1.0)
"""Seconds before a command is run again."""


def run_again(command: Callable[[], T]) -> T:
    """Run a command that opens a transaction of its own; once more where it met a deadlock or what moved meanwhile."""
    for pause in _PAUSES:
        try:
            return command()
        except Exception as error:
            if not is_transient(error):
                raise
            time.sleep(pause)
    return command()


class Database:
    """Transactions of many threads over a few connections; one per process, made after a fork and not before."""

    def __init__(
        self, url: str, clock: Clock, ids: IdSource | None = None, *, connections: int = 24, patience: float = 30.0
    ) -> None:
        """`connections`: the most at a time; `patience`: seconds to wait for a free one."""
        self.url = url
        self.clock = clock
        self.ids: IdSource = ids or SequenceIds()
        self._patience = patience
        self._idle: list[psycopg.Connection[Any]] = []
        self._begun_by: WeakKeyDictionary[psycopg.Connection[Any], int] = WeakKeyDictionary()
        self._places = threading.BoundedSemaphore(connections)
        self._closed = False

    @contextmanager
    def transaction(
        self, merchant_id: int, *, actor: str, cause_id: int | None = None, allowed_by: str = ""
    ) -> Generator[Transaction]:
        """One command: its events are written and it is committed at the end, or all of it is rolled back."""
        with self._begun(_BEGIN, merchant_id, actor, cause_id, allowed_by) as tx:
            yield tx

    @contextmanager
    def reading(self, merchant_id: int) -> Generator[Transaction]:
        """One view of one moment, which changes nothing."""
        with self._begun(_BEGIN_READING, merchant_id, "reader") as tx:
            yield tx

    def ensure_merchant(self, code: str) -> int:
        """The id of the merchant with a code, made when it is new."""
        with self._begun(_BEGIN) as tx:
            merchant_id = tx.value(_QUERIES.find_merchant, code=code)
            if merchant_id is None:
                tx.merchant_id = tx.new_id()
                tx.execute(_QUERIES.insert_merchant, code=code)
                merchant_id = tx.merchant_id = tx.value(_QUERIES.find_merchant, code=code)
                tx.execute(_QUERIES.insert_head)
            return int(merchant_id)

    def merchants(self) -> dict[str, int]:
        """The merchants of this database by code."""
        with self._begun(_BEGIN_READING) as tx:
            return dict(tx.tuples(_QUERIES.load_merchants))

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _begun(
        self, begin: str, merchant_id: int = 0, actor: str = "system", cause_id: int | None = None, allowed_by: str = ""
    ) -> Generator[Transaction]:
        """A transaction, which is committed unless the block raises."""
        if not self._places.acquire(timeout=self._patience):
            raise NoFreeConnection(f"no database connection became free in {self._patience:g} seconds")
        try:
            connection = self._take()
            try:
                now = self.clock.now()
                tx = Transaction(
                    connection, merchant_id, now, self.ids, actor=actor, cause_id=cause_id, allowed_by=allowed_by,
                    begin=begin,
                )  # fmt: skip
                yield tx
                tx.commit()
            except BaseException:
                self._roll_back(connection)
                raise
            finally:
                self._give_back(connection)
        finally:
            self._places.release()

    def _take(self) -> psycopg.Connection[Any]:
        """An idle connection (the last used first) or a new one; those that died while idle are thrown away."""
        if self._closed:
            raise psycopg.OperationalError("the database was closed")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            count = self._begun_by[connection] = self._begun_by.get(connection, 0) + 1
            try:
                if wire_of(connection).is_quiet():
                    if count % _REPLAN_EVERY == 0 or count in (8, 16, 32):
                        connection.execute(_FORGET_PLANS, prepare=False)
                    return connection
            except psycopg.OperationalError:
                pass
            connection.close()
        return connect(self.url)

    def _roll_back(self, connection: psycopg.Connection[Any]) -> None:
        """Leave the transaction; a connection that cannot even do that is closed."""
        try:
            if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                connection.execute(b"ROLLBACK", prepare=False)
        except psycopg.Error:
            connection.close()

    def _give_back(self, connection: psycopg.Connection[Any]) -> None:
        if self._closed or connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)
