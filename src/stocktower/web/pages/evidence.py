"""Evidence: one event with what it says and what followed from it, and one message as it came in."""

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from stocktower import access, exchange, finance, platform
from stocktower.web import labels
from stocktower.web.desk import AtDesk

EVENTS = 50


def pretty(text: str | bytes) -> str:
    """JSON laid out for people."""
    try:
        return msgspec.json.format(text if isinstance(text, str) else text.decode(), indent=2)
    except msgspec.MsgspecError:
        return text if isinstance(text, str) else text.decode(errors="replace")


@get("/events/{position:int}", sync_to_thread=True)
def event_page(desk: AtDesk, position: FromPath[int]) -> Response[str]:
    """One event: who decided it, when it happened and when we learned it, its data, its journal."""
    with desk.reading() as tx:
        event = next(iter(platform.load_events_at(tx, [position])), None)
        if event is None:
            raise NotFoundException(f"There is no event at position {position}.")
        subject = event.subject, event.subject_id
        return desk.show(
            tx, "event.html", title=f"Event {position}", event=event, data=pretty(event.data),
            about=labels.of_subjects(tx, desk.network(tx), [subject])[subject],
            journal=finance.load_journal(tx, position), head=platform.load_head(tx),
        )  # fmt: skip


@get("/events", sync_to_thread=True)
def events_page(desk: AtDesk, subject: FromQuery[int] = 0, before: FromQuery[int] = 0) -> Response[str]:
    """Events of one subject, or the last ones of all."""
    with desk.reading() as tx:
        head = platform.load_head(tx)
        until = min(before, head + 1) if before else head + 1
        if subject:
            events = platform.load_events_of(tx, subject, EVENTS)
        else:
            first = max(0, until - 1 - EVENTS)
            events = [event for event in platform.load_feed(tx, first, EVENTS) if event.position < until]
        subjects = {(event.subject, event.subject_id) for event in events}
        return desk.show(
            tx, "events.html", title="Events", events=events[::-1], subject=subject,
            subjects=labels.of_subjects(tx, desk.network(tx), subjects),
            next_before=events[0].position if events and not subject and events[0].position > 1 else 0,
        )  # fmt: skip


@get("/messages/{message_id:int}", sync_to_thread=True)
def message_page(desk: AtDesk, message_id: FromPath[int]) -> Response[str]:
    """One message as it came in, whole, and what became of it."""
    with desk.reading() as tx:
        message = exchange.view_message(tx, message_id)
        if message is None:
            raise NotFoundException(f"There is no message {message_id}.")
        brought = exchange.load_import(tx, message.import_id) if message.import_id else None
        may_read = desk.may(access.Permission.READ_PERSONAL_DATA)
        return desk.show(
            tx, "message.html", title=f"Message {message_id}", message=message, brought=brought, may_read=may_read,
            body=pretty(message.body) if message.body and may_read else "",
            versions=exchange.view_messages_of_key(tx, message.source, message.kind, message.key),
        )  # fmt: skip
