"""Gathers small calls: what waits at the same time goes to the database as one batch, and each caller gets its own
answer.

One hold a transaction would pay for the head row and the disk alone; together they share both. A request that cannot be
served at all fails alone: its batch is divided until it stands by itself.
"""

import asyncio
import contextlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import overload

import psycopg

from stocktower.platform import Database, is_transient

from ..formulas.model import EndHold, HoldRequest, HoldResult
from .carts import Cart, CartResult, UnknownName, hold_carts
from .holds import hold, release_holds

Request = EndHold | HoldRequest | Cart
Answer = HoldResult | CartResult | UnknownName
_KINDS: list[type[Request]] = [EndHold, HoldRequest, Cart]
"""In the order in which they are served: what is given back first, so that others may take it."""

MOST = 512
PATIENCE = 0.002
"""Seconds that a batch waits for callers that were just answered, and are about to ask again."""
TRIES = 5


class GathererClosed(Exception):
    """The process is ending; nothing was done, the caller may try elsewhere."""


class _Call:
    """One caller's request, what came of it, and how the caller hears that there is an answer."""

    __slots__ = ("answer", "done", "error", "loop", "merchant_id", "request")

    def __init__(
        self, merchant_id: int, request: Request, done: Callable[[], object], loop: asyncio.AbstractEventLoop | None
    ) -> None:
        """`done` is called when there is an answer, in the event loop if one is given."""
        self.merchant_id = merchant_id
        self.request = request
        self.done = done
        self.loop = loop
        self.answer: Answer | None = None
        self.error: BaseException | None = None

    def result(self) -> Answer:
        """The answer; raises what the request met."""
        if self.error is not None:
            raise self.error
        assert self.answer is not None
        return self.answer


class Gatherer:
    """A queue and one thread per process; a context manager that ends the thread when all callers have answers."""

    def __init__(self, database: Database, *, actor: str = "api") -> None:
        self._database = database
        self._actor = actor
        self._waiting: deque[_Call] = deque()
        self._wake = threading.Condition(threading.Lock())
        self._enough = 1
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="gatherer", daemon=True)

    def __enter__(self) -> "Gatherer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @overload
    def submit(self, merchant_id: int, request: HoldRequest | EndHold) -> HoldResult: ...
    @overload
    def submit(self, merchant_id: int, request: Cart) -> CartResult | UnknownName: ...
    def submit(self, merchant_id: int, request: Request) -> Answer:
        """Hold (or end a hold) and wait for the answer, which is committed; raises what the request itself met."""
        done = threading.Lock()
        done.acquire()
        call = _Call(merchant_id, request, done.release, None)
        self._enter(call)
        done.acquire()
        return call.result()

    @overload
    async def ask(self, merchant_id: int, request: HoldRequest | EndHold) -> HoldResult: ...
    @overload
    async def ask(self, merchant_id: int, request: Cart) -> CartResult | UnknownName: ...
    async def ask(self, merchant_id: int, request: Request) -> Answer:
        """The same for a caller of an event loop, which goes on meanwhile."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        call = _Call(merchant_id, request, done.set, loop)
        self._enter(call)
        await done.wait()
        return call.result()

    def _enter(self, call: _Call) -> None:
        with self._wake:
            if self._closing:
                raise GathererClosed("this process takes no more reservations")
            self._waiting.append(call)
            if len(self._waiting) >= self._enough:
                self._wake.notify()

    def close(self) -> None:
        """Take no more, answer what waits, and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        expected = 1
        while batch := self._gather(expected):
            self._serve_all(batch)
            # Who was answered asks again at once, as long as this many are at it.
            expected = min(MOST, len(batch) + len(self._waiting))

    def _gather(self, expected: int) -> list[_Call]:
        """The calls that wait, as soon as there are as many as expected, or patience ends; none: it is closed."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._enough = 1
                self._wake.wait()
            until = time.monotonic() + PATIENCE
            while len(self._waiting) < expected and not self._closing:
                self._enough = expected
                if not self._wake.wait(until - time.monotonic()):
                    break
            return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    def _serve_all(self, batch: Sequence[_Call]) -> None:
        """Each kind of each merchant by itself, so that it locks its SKUs once per transaction."""
        groups: defaultdict[tuple[int, int], list[_Call]] = defaultdict(list)
        for call in batch:
            groups[_KINDS.index(type(call.request)), call.merchant_id].append(call)
        for key in sorted(groups):
            self._serve(groups[key])

    def _serve(self, calls: Sequence[_Call]) -> None:
        """One transaction for all; where it fails, each half by itself, until one stands alone with its error."""
        try:
            answers = self._run(calls)
        except Exception as error:
            if len(calls) == 1 or isinstance(error, psycopg.OperationalError):
                for call in calls:
                    call.error = error
                _tell(calls)
                return
            middle = len(calls) // 2
            self._serve(calls[:middle])
            self._serve(calls[middle:])
            return
        for call, answer in zip(calls, answers, strict=True):
            call.answer = answer
        _tell(calls)

    def _run(self, calls: Sequence[_Call]) -> Sequence[Answer]:
        for _ in range(TRIES - 1):
            try:
                return self._run_once(calls)
            except Exception as error:
                if not is_transient(error):
                    raise
        return self._run_once(calls)

    def _run_once(self, calls: Sequence[_Call]) -> Sequence[Answer]:
        with self._database.transaction(calls[0].merchant_id, actor=self._actor) as tx:
            requests = [call.request for call in calls]
            if ends := [one for one in requests if isinstance(one, EndHold)]:
                return release_holds(tx, ends)
            if carts := [one for one in requests if isinstance(one, Cart)]:
                return hold_carts(tx, carts)
            return hold(tx, [one for one in requests if isinstance(one, HoldRequest)])


def _tell(calls: Sequence[_Call]) -> None:
    """Wake the callers; those of an event loop all at once, unless it is closed: then nobody waits any more."""
    of_loop: defaultdict[asyncio.AbstractEventLoop, list[_Call]] = defaultdict(list)
    for call in calls:
        if call.loop is None:
            call.done()
        else:
            of_loop[call.loop].append(call)
    for loop, mine in of_loop.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, mine)


def _wake(calls: Sequence[_Call]) -> None:
    for call in calls:
        call.done()
