"""Questions that wait at the same time: answered together, each with its own answer or error."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from stocktower.platform import Database, Transaction, load_head
from stocktower.web.asking import Asking

T = TypeVar("T")


class Odd(Exception):
    pass


def run(question: Coroutine[Any, Any, T]) -> T:
    """In an event loop of a thread of its own: a browser of other tests may have one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, question).result()


def doubles(database: Database, batches: list[list[int]]) -> Asking[int, int]:
    def double(tx: Transaction, asked: Sequence[int]) -> list[int | Exception]:
        batches.append(list(asked))
        if -1 in asked:
            raise ConnectionError
        assert load_head(tx) == 0
        return [Odd(n) if n % 2 else n * 2 for n in asked]

    return Asking(database, database.ensure_merchant("acme"), double)


def test_they_are_answered_together_and_each_by_itself(database: Database) -> None:
    batches: list[list[int]] = []
    asking = doubles(database, batches)

    async def ask(*numbers: int) -> list[int | BaseException]:
        return await asyncio.gather(*(asking.ask(n) for n in numbers), return_exceptions=True)

    async def meanwhile() -> list[int | BaseException]:
        first = asyncio.create_task(ask(0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rest = await ask(*range(1, 50))
        return [*(await first), *rest]

    answers = run(meanwhile())
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Odd)] == list(range(1, 50, 2))
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == list(range(0, 100, 4))
    assert [n for batch in batches for n in batch] == list(range(50))
    assert len(batches) == 2
    # What fails for one reason fails for all that were asked with it; the next question is asked anew, in any loop.
    assert [type(one) for one in run(ask(-1, 2))] == [ConnectionError, ConnectionError]
    assert run(ask(2)) == [4]


def test_nobody_waits_for_a_caller_who_went_away(database: Database) -> None:
    asking = doubles(database, [])

    async def leave() -> int:
        gone = asyncio.create_task(asking.ask(2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await asking.ask(4)

    assert run(leave()) == 8
