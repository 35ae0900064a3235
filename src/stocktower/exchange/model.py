"""What goes in and comes out of the inbox, and the record of imports."""

from datetime import datetime

import msgspec

NEW = "new"
CHANGED = "changed"
REPEATED = "repeated"

ORDER = "order"
PRODUCT = "product"
LISTING = "listing"
STOCK = "stock"
CONFIRMATION = "confirmation"
INBOUND = "inbound"
RECEIPT = "receipt"
TRANSFER = "transfer"
ADJUSTMENT = "adjustment"
BIN_MOVE = "bin_move"
ASSEMBLY = "assembly"
STATEMENT = "statement"
KEPT = "kept"
"""A row that could not be read: kept, never queued as work."""


class Incoming(msgspec.Struct, frozen=True):
    """A message as it arrives."""

    kind: str
    key: str
    body: bytes
    """The encoded document."""
    rows: int = 1
    """Physical rows that it stands for."""


class Receipt(msgspec.Struct, frozen=True):
    """What became of an incoming message."""

    message_id: int
    """The message that holds it: a repetition names the first."""
    outcome: str
    """new: the first of its key; changed: the key was known with other content; repeated: known as it is."""


class Message(msgspec.Struct, frozen=True):
    """A message of the inbox."""

    message_id: int
    source: str
    kind: str
    key: str
    body: bytes
    """Empty once it was erased."""
    received_at: datetime
    attempts: int
    """How often it was put back to wait or to be tried again."""
    sequence: int = 1
    """Its place among the different messages of its key."""


class Newest(msgspec.Struct, frozen=True):
    """The newest message of a key, and how far it is."""

    message_id: int
    key: str
    work_state: str
    """ready, waiting or parked; empty when it is done."""
    body: bytes


class KnownMessage(msgspec.Struct, frozen=True):
    """What receiving has to know of an earlier message."""

    kind: str
    key: str
    message_id: int
    sequence: int
    content_hash: bytes


class Backlog(msgspec.Struct, frozen=True):
    """Unfinished messages of one kind in one state."""

    kind: str
    state: str
    messages: int
    oldest_at: datetime


class ImportSummary(msgspec.Struct, frozen=True):
    """A file's import and its proof: rows = new + changed + repeated + kept, each physical row once."""

    import_id: int
    kind: str
    source: str
    format: str
    name: str
    rows: int
    new: int
    changed: int
    repeated: int
    kept: int
    orders: int
    lines: int
    cases: int
    state: str
    """running, done or failed."""
    notes: str = ""
    """What was assumed, or why it failed."""
    sha256: str = ""
    bytes: int = 0
    actor: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rows_total: int = 0
    """Rows of the file; while it is read, `rows` are through."""


class ImportWork(msgspec.Struct, frozen=True):
    """How far the rows are that an import brought anew or changed."""

    import_id: int
    worked: int = 0
    ready: int = 0
    waiting: int = 0
    parked: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.worked + self.ready + self.waiting + self.parked


class ImportProgress(msgspec.Struct, frozen=True):
    """What one batch adds to an import."""

    new: int = 0
    changed: int = 0
    repeated: int = 0
    kept: int = 0
    orders: int = 0
    lines: int = 0
    cases: int = 0

    @property
    def rows(self) -> int:
        """All rows of the batch."""
        return self.new + self.changed + self.repeated + self.kept


class Answer(msgspec.Struct, frozen=True):
    """What was answered to a keyed write."""

    request_hash: bytes
    status: int
    response: bytes


class MessageView(msgspec.Struct, frozen=True):
    """A message as a page shows it."""

    message_id: int
    source: str
    kind: str
    key: str
    sequence: int
    origin: str
    import_id: int | None
    received_at: datetime
    erased_at: datetime | None
    work_state: str
    """ready, waiting or parked; empty when it is done."""
    cause: str
    attempts: int
    body: str
    """JSON text; empty once it was erased."""
