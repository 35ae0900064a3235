"""Fulfillment owns the requests to sites: what each is asked to ship of an order, and what it reported.

A request's lines never add up to more than was asked: shipped + short + cancelled <= quantity; its state follows from
these figures. A report is kept once per content, so that the same report in another file changes nothing. Quantities
are units of the order line (packs of the listing, whole kits). Whoever changes requests has locked their orders first.
"""

from .model import Confirmation, Effect, Problem, Report, ReportKind, Request, RequestLine, RequestState
from .rules import cancel_units, decide_report, derive_state
from .service import (
    ACKNOWLEDGE,
    load_confirmed,
    load_requests,
    load_requests_of,
    record_changes,
    record_confirmations,
    request,
)

__all__ = [
    "ACKNOWLEDGE",
    "Confirmation",
    "Effect",
    "Problem",
    "Report",
    "ReportKind",
    "Request",
    "RequestLine",
    "RequestState",
    "cancel_units",
    "decide_report",
    "derive_state",
    "load_confirmed",
    "load_requests",
    "load_requests_of",
    "record_changes",
    "record_confirmations",
    "request",
]
