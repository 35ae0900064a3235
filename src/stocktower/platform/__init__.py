"""The platform owns the database: transactions, the event log, due work, migrations, and the embedded PostgreSQL.

Always true: the events of a merchant are numbered without a gap, in the order of commit; no cursor is past the log;
one command is one transaction of one merchant at one instant. Every statement of a room comes from its queries.sql.

For authors of statements: `merchant_id` and `now` are always there as parameters; a list goes in as an array and needs
a cast (`%(codes)s::text[]`); json and jsonb come out as bytes, and go in as text (`data.decode()`), or as bytes by
COPY. A column of bytes is declared `name:bytea` in a `-- copy:` line.
"""

from .clock import MACHINE_CLOCK, Clock, FrozenClock
from .columns import Columns, NotWholeNumbers
from .connection import connect
from .copytext import NotCopyable
from .database import Database, NoFreeConnection, is_transient, run_again, unusable_value
from .due import next_due_at, reschedule, schedule, schedule_new, take_due, unschedule
from .events import (
    count_kinds,
    find_position_at,
    load_cursors,
    load_events_after,
    load_events_at,
    load_events_of,
    load_events_of_subjects,
    load_feed,
    load_head,
    load_parked,
    load_parked_subjects,
    move_cursor,
    park_event,
    take_cursor,
    unpark,
)
from .ids import CountingIds, IdSource, SequenceIds
from .migrations import MigrationError, migrate, migrations_folder
from .model import Event, ParkedEvent, RecordedEvent
from .projections import Drifted, Projection, pair
from .server import EmbeddedServer, data_folder, server_for
from .service_user import ServerUnavailable
from .sql import CopyTable, Invariant, Queries, Query, SqlFileError, load_invariants, load_queries
from .transaction import FEW, Answer, NotCommitted, Transaction, UnknownMerchant

__all__ = [
    "FEW",
    "MACHINE_CLOCK",
    "Answer",
    "Clock",
    "Columns",
    "CopyTable",
    "CountingIds",
    "Database",
    "Drifted",
    "EmbeddedServer",
    "Event",
    "FrozenClock",
    "IdSource",
    "Invariant",
    "MigrationError",
    "NoFreeConnection",
    "NotCommitted",
    "NotCopyable",
    "NotWholeNumbers",
    "ParkedEvent",
    "Projection",
    "Queries",
    "Query",
    "RecordedEvent",
    "SequenceIds",
    "ServerUnavailable",
    "SqlFileError",
    "Transaction",
    "UnknownMerchant",
    "connect",
    "count_kinds",
    "data_folder",
    "find_position_at",
    "is_transient",
    "load_cursors",
    "load_events_after",
    "load_events_at",
    "load_events_of",
    "load_events_of_subjects",
    "load_feed",
    "load_head",
    "load_invariants",
    "load_parked",
    "load_parked_subjects",
    "load_queries",
    "migrate",
    "migrations_folder",
    "move_cursor",
    "next_due_at",
    "pair",
    "park_event",
    "reschedule",
    "run_again",
    "schedule",
    "schedule_new",
    "server_for",
    "take_cursor",
    "take_due",
    "unpark",
    "unschedule",
    "unusable_value",
]
