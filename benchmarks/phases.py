"""Where a worker's time goes, by phase: looks at its stack every few milliseconds from another thread."""

import sys
import threading
import time
from collections import defaultdict
from types import FrameType, TracebackType

_PHASES: dict[tuple[str, str], str] = {
    ("exchange/service", "claim"): "claim messages",
    ("ordering/intake", "take_orders"): "decode documents",
    ("ordering/confirmations", "take_confirmations"): "decode documents",
    ("ordering/service", "__init__"): "load configuration",
    ("catalog/service", "resolve_listings"): "resolve listings",
    ("ordering/store", "lock_orders_by_ref"): "lock orders",
    ("ordering/confirmations", "_find_orders"): "lock orders",
    ("supply/service", "lock_supply"): "lock supply",
    ("ordering/service", "facts"): "decide",
    ("ordering/intake", "_capture"): "decide: capture",
    ("ordering/confirmations", "_take_one"): "decide: confirm",
    ("ordering/rules", "advance"): "decide: advance",
    ("supply/shipping", "consume"): "write: consume stock",
    ("supply/service", "record_reservations"): "write: reservations",
    ("ordering/store", "insert_orders"): "write: orders",
    ("ordering/service", "write_changed"): "write: orders",
    ("fulfillment/service", "request"): "write: requests",
    ("fulfillment/service", "record_changes"): "write: requests",
    ("fulfillment/service", "record_confirmations"): "write: requests",
    ("payments/service", "record_payments"): "write: payments",
    ("customers/service", "record_contacts"): "write: contacts",
    ("customers/service", "record_new_contacts"): "write: contacts",
    ("exchange/service", "finish"): "finish messages",
    ("exchange/service", "resume"): "resume messages",
    ("worklist/service", "raise_cases"): "cases",
    ("worklist/service", "leave_cases"): "cases",
    ("worklist/service", "drop_waiters"): "cases",
    ("platform/events", "load_events_after"): "read events",
    ("finance/service", "_read"): "read events",
    ("finance/service", "_with_balances"): "finance: balances",
    ("finance/rules", "decide_journals"): "finance: decide",
    ("finance/service", "_record"): "finance: write",
    ("publication/service", "take_events"): "publication marks",
    ("app/workers", "publish"): "publish",
    ("app/subscriptions", "resume"): "resume orders",
    ("platform/transaction", "write_events"): "write: events",
    ("platform/transaction", "commit"): "commit",
}
_EVERY_SECONDS = 0.003


class Phases:
    """Samples the thread that opens it; seconds by phase, apart for Python and for psycopg with the server."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._watched = threading.get_ident()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="phases", daemon=True)
        self._known: dict[object, tuple[str | None, bool]] = {}

    def __enter__(self) -> "Phases":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.perf_counter()
        while not self._end.wait(_EVERY_SECONDS):
            frame = sys._current_frames().get(self._watched)
            now = time.perf_counter()
            if frame is not None:
                self.seconds[self._name(frame)] += now - before
            before = now

    def _name(self, frame: FrameType | None) -> str:
        in_server = False
        while frame is not None:
            phase, is_psycopg = self._look_up(frame)
            in_server = in_server or is_psycopg
            if phase is not None:
                return f"{phase}{' (server)' if in_server else ''}"
            frame = frame.f_back
        return "other"

    def _look_up(self, frame: FrameType) -> tuple[str | None, bool]:
        code = frame.f_code
        found = self._known.get(code)
        if found is None:
            path = code.co_filename.removesuffix(".py")
            key = ("/".join(path.split("/")[-2:]), code.co_name)
            found = self._known[code] = (_PHASES.get(key), "/psycopg" in path or path.endswith("/platform/wire"))
        return found
