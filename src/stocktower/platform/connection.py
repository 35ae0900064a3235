"""One PostgreSQL connection, set up the way that the whole house expects it."""

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.types.numeric import Int8BinaryDumper

from .copytext import array_literal

_SETTINGS = """
SET TIME ZONE 'UTC';
SET client_min_messages = warning;
SET default_transaction_isolation = 'read committed';
"""


class _JsonText(Loader):
    """JSON stays the bytes that it is: whoever reads it decodes it into a type."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class _JsonbBinary(Loader):
    format = pq.Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data[1:])


class _JsonBinary(Loader):
    format = pq.Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class _ArrayText(Dumper):
    """A flat list as an array literal without a type: the statement's cast gives it one."""

    def dump(self, obj: Any) -> bytes:
        return array_literal(cast("Sequence[Any]", obj)).encode()


class _Int8(Int8BinaryDumper):
    """Every int is a bigint, so that a statement is prepared once, whatever the size of its numbers."""


def connect(url: str, *, connect_timeout: int = 30) -> psycopg.Connection[Any]:
    """A connection in autocommit mode (transactions begin in words), in UTC.

    Lists go in as arrays, ints as bigint; json and jsonb come out as bytes.
    """
    connection = psycopg.connect(
        url,
        autocommit=True,
        client_encoding="utf8",
        fallback_application_name="stocktower",
        connect_timeout=connect_timeout,
    )
    adapters = connection.adapters
    adapters.register_dumper(int, _Int8)
    adapters.register_dumper(list, _ArrayText)
    adapters.register_dumper(tuple, _ArrayText)
    adapters.register_loader("json", _JsonText)
    adapters.register_loader("jsonb", _JsonText)
    adapters.register_loader("json", _JsonBinary)
    adapters.register_loader("jsonb", _JsonbBinary)
    connection.execute(_SETTINGS)
    # Statements are prepared by the wire, under names of its own; psycopg would forget them all after a rollback.
    connection.prepare_threshold = None
    return connection
