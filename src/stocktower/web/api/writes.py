"""Writes: only by token, and once for each key."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from stocktower import exchange
from stocktower.platform import Transaction
from stocktower.web.desk import Desk
from stocktower.web.problems import PROBLEM, Problem

T = TypeVar("T")

Key = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="A request is done once for its key.", max_length=200),
]

RequestHash = NamedDependency[bytes]

REFUSALS = {
    403: ResponseSpec(Problem, description="The token's role does not allow it.", media_type=PROBLEM),
    404: ResponseSpec(Problem, description="What was named is not there.", media_type=PROBLEM),
    422: ResponseSpec(Problem, description="It cannot be done as asked; nothing was kept.", media_type=PROBLEM),
}


async def provide_request_hash(request: Request[Any, Any, Any]) -> bytes:
    """What makes two requests the same: method, address and body."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (request.method.encode(), str(request.url).encode(), await request.body()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def once(
    desk: Desk, key: str | None, request_hash: bytes, type_: type[T], status: int, write: Callable[[Transaction], T]
) -> Response[T]:
    """Do a write in one transaction together with the memory of its answer, or give that answer again."""
    if key is not None and (known := _known(desk, key, request_hash, type_)) is not None:
        return known
    try:
        with desk.writing() as tx:
            answer = write(tx)
            if key is not None:
                exchange.remember_answer(tx, _own(desk, key), request_hash, status, msgspec.json.encode(answer))
    except exchange.KeyAnsweredOtherwise:
        if key is None or (known := _known(desk, key, request_hash, type_)) is None:
            raise
        return known
    return Response(answer, status_code=status)


def once_around(
    desk: Desk, key: str | None, request_hash: bytes, type_: type[T], status: int, do: Callable[[], T]
) -> Response[T]:
    """The same for what commits by itself and may be repeated without harm; the answer is remembered after it."""
    if key is not None and (known := _known(desk, key, request_hash, type_)) is not None:
        return known
    answer = do()
    if key is not None:
        with desk.writing() as tx:
            if exchange.load_answer(tx, _own(desk, key)) is None:
                exchange.remember_answer(tx, _own(desk, key), request_hash, status, msgspec.json.encode(answer))
    return Response(answer, status_code=status)


def _known(desk: Desk, key: str, request_hash: bytes, type_: type[T]) -> Response[T] | None:
    with desk.reading() as tx:
        known = exchange.load_answer(tx, _own(desk, key), request_hash)
    if known is None:
        return None
    headers = {"idempotent-replayed": "true"}
    return Response(msgspec.json.decode(known.response, type=type_), status_code=known.status, headers=headers)


def _own(desk: Desk, key: str) -> str:
    """Keys of different people never meet."""
    return f"{desk.person.person_id}/{key}"
