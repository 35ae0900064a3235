"""Questions of many requests that wait at the same time are answered together: one thread, one view of the database.

A transaction for each would cost more than most answers do; together they share it, and the more there are, the more.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from anyio import to_thread

from stocktower.platform import Database, Transaction
from stocktower.web.services import Services

Q = TypeVar("Q")
A = TypeVar("A")


class _Queue(Generic[Q, A]):
    """What waits in one event loop, and whoever works it off."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self.worker: asyncio.Task[None] | None = None


class Asking(Generic[Q, A]):
    """Answers one kind of question; `answer` gets all that wait, in order, and gives an answer or an error for each."""

    def __init__(
        self,
        database: Database,
        merchant_id: int,
        answer: Callable[[Transaction, Sequence[Q]], Sequence[A | Exception]],
    ) -> None:
        self._database = database
        self._merchant_id = merchant_id
        self._answer = answer
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[Q, A]] = WeakKeyDictionary()

    async def ask(self, question: Q) -> A:
        """The answer to one question, as of an instant after it was asked; raises what answering it met."""
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        future: asyncio.Future[A] = loop.create_future()
        queue.waiting.append((question, future))
        if queue.worker is None:
            queue.worker = loop.create_task(self._work(queue))
        return await future

    async def _work(self, queue: "_Queue[Q, A]") -> None:
        try:
            while queue.waiting:
                batch, queue.waiting = queue.waiting, []
                answers = await to_thread.run_sync(self._answer_all, [question for question, _ in batch])
                for (_, future), answer in zip(batch, answers, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            queue.worker = None

    def _answer_all(self, questions: Sequence[Q]) -> Sequence[A | Exception]:
        try:
            with self._database.reading(self._merchant_id) as tx:
                return self._answer(tx, questions)
        except Exception as error:
            return [error for _ in questions]


class Askings:
    """Every kind of question that an application is asked, by the function that answers it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._of: dict[Any, Asking[Any, Any]] = {}

    async def ask(
        self, answer: Callable[[Services, Transaction, Sequence[Q]], Sequence[A | Exception]], question: Q
    ) -> A:
        """The answer to one question, together with all of its kind that wait."""
        asking = self._of.get(answer)
        if asking is None:
            services = self._services
            asking = Asking(services.database, services.merchant_id, partial(answer, services))
            self._of[answer] = asking
        return await asking.ask(question)
