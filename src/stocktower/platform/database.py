"""The database of an installation: a small pool of connections, and the edge where transactions begin and commit."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus

from .clock import Clock
from .connection import connect
from .ids import IdSource, SequenceIds
from .sql import load_queries
from .transaction import Transaction

T = TypeVar("T")

_QUERIES = load_queries(__package__)
_BEGIN = b"BEGIN"
_FORGET_PLANS = b"DISCARD PLANS"
_REPLAN_AT = frozenset(8 * 4**power for power in range(12))
"""A plan that was made while a table was small stays with its connection, and reads all of it when it has grown; so a
connection forgets its plans after so many transactions, less and less often."""
_BEGIN_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class NotCommitted(Exception):
    """The command swallowed an error of the database, so that nothing of its transaction could be kept."""


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
    def transaction(self, merchant_id: int, *, actor: str, cause_id: int | None = None) -> Generator[Transaction]:
        """One command: its events are written and it is committed at the end, or all of it is rolled back."""
        with self._begun(_BEGIN) as connection:
            tx = Transaction(connection, merchant_id, self.clock.now(), self.ids, actor=actor, cause_id=cause_id)
            yield tx
            tx.write_events()

    @contextmanager
    def reading(self, merchant_id: int) -> Generator[Transaction]:
        """One view of one moment, which changes nothing."""
        with self._begun(_BEGIN_READING) as connection:
            tx = Transaction(connection, merchant_id, self.clock.now(), self.ids, actor="reader")
            yield tx
            tx.write_events()

    def ensure_merchant(self, code: str) -> int:
        """The id of the merchant with a code, made when it is new."""
        with self._begun(_BEGIN) as connection:
            tx = Transaction(connection, 0, self.clock.now(), self.ids)
            merchant_id = tx.value(_QUERIES.find_merchant, code=code)
            if merchant_id is None:
                tx.merchant_id = tx.new_id()
                tx.execute(_QUERIES.insert_merchant, code=code)
                merchant_id = tx.merchant_id = tx.value(_QUERIES.find_merchant, code=code)
                tx.execute(_QUERIES.insert_head)
            return int(merchant_id)

    def merchants(self) -> dict[str, int]:
        """The merchants of this database by code."""
        with self._begun(_BEGIN_READING) as connection:
            tx = Transaction(connection, 0, self.clock.now(), self.ids)
            return dict(tx.tuples(_QUERIES.load_merchants))

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _begun(self, begin: bytes) -> Generator[psycopg.Connection[Any]]:
        """A connection inside a transaction, which is committed unless the block raises."""
        if not self._places.acquire(timeout=self._patience):
            raise NoFreeConnection(f"no database connection became free in {self._patience:g} seconds")
        try:
            connection = self._begin(begin)
            try:
                yield connection
                self._commit(connection)
            except BaseException:
                self._roll_back(connection)
                raise
            finally:
                self._give_back(connection)
        finally:
            self._places.release()

    def _begin(self, begin: bytes) -> psycopg.Connection[Any]:
        """Take an idle connection (the last used first) or make one; those that died while idle are thrown away."""
        if self._closed:
            raise psycopg.OperationalError("the database was closed")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            count = self._begun_by[connection] = self._begun_by.get(connection, 0) + 1
            try:
                if count in _REPLAN_AT:
                    connection.execute(_FORGET_PLANS, prepare=False)
                connection.execute(begin, prepare=False)
                return connection
            except psycopg.OperationalError:
                connection.close()
        connection = connect(self.url)
        connection.execute(begin, prepare=False)
        return connection

    def _commit(self, connection: psycopg.Connection[Any]) -> None:
        if connection.info.transaction_status == TransactionStatus.INERROR:
            _refuse()
        connection.execute(b"COMMIT", prepare=False)

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


def _refuse() -> NoReturn:
    raise NotCommitted("a statement failed and its error was swallowed; the transaction was rolled back")
