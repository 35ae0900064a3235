"""Reads the columns of a statement as arrays of whole numbers, without an object for each row."""

from typing import Any

import psycopg

from .sql import Query

Columns = list[Any]
"""Arrays of int64, one for each column."""


class NotWholeNumbers(TypeError):
    """A statement that is read by columns gives something else than bigint, or NULL."""


def read_columns(connection: psycopg.Connection[Any], query: Query, params: dict[str, Any], count: int) -> Columns:
    """The columns of a statement, each of its `count` columns a bigint that is never NULL; in the order of its rows.

    The server packs them into one value: a message for each row would cost more than the rows themselves. It plans anew
    each time, for the values that are given.
    """
    import numpy as np

    names = [f"c{n}" for n in range(count)]
    packed = " || ".join(f"int8send({name})" for name in names)
    statement = f"SELECT count(*), string_agg({packed}, ''::bytea) FROM ({query.statement}) AS t ({', '.join(names)})"
    cursor = psycopg.RawCursor(connection)
    cursor.execute(statement.encode(), [params[name] for name in query.parameters], prepare=False, binary=True)
    found: Any = cursor.fetchone()
    rows, data = found[0], found[1] or b""
    if len(data) != rows * count * 8:
        raise NotWholeNumbers(f"{query.room}.{query.name} gives NULL where whole numbers are read")
    table = np.frombuffer(data, ">i8").reshape(rows, count)
    return [table[:, n].astype(np.int64) for n in range(count)]
