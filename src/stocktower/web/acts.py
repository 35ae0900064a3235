"""The acts on cases as people see them: what each is called, what it does, and what it asks."""

from collections.abc import Sequence

import msgspec

from stocktower.web.services import Outcome


class Field(msgspec.Struct, frozen=True):
    """One thing that an act asks."""

    name: str
    label: str
    kind: str = "text"
    """text, number or sku."""
    value: str = ""
    required: bool = False


class ActText(msgspec.Struct, frozen=True):
    """An act in words."""

    name: str
    label: str
    doc: str
    fields: tuple[Field, ...] = ()


_HOURS = Field("hours", "For how many hours", "number", "24", required=True)

ACTS: dict[str, ActText] = {
    act.name: act
    for act in (
        ActText(
            "map", "Map the listing", "Every order that waits for it goes on.",
            (
                Field("sku", "SKU that it sells", "sku", required=True),
                Field("pack", "Units in one listed unit", "number", "1", required=True),
            ),
        ),
        ActText("retry", "Try again", "It is worked once more, with what waits behind it."),
        ActText("dismiss", "Dismiss", "It is not worked; what it says is kept, and the later ones go on."),
        ActText("accept", "Accept the stated total", "The order goes on with the total that the channel states."),
        ActText("cancel", "Cancel the order", "What is allocated is given back; what was paid is refunded by its tender."),
        ActText("cancel_lines", "Cancel the lines that wait", "The rest of each order goes on."),
        ActText("wait", "Wait for stock", "The case stays; it is looked at again later.", (_HOURS,)),
        ActText("reroute", "Route again", "The requests are taken back where nothing is picked yet, and the orders sourced anew."),
        ActText("acknowledge", "Acknowledge", "It was dealt with outside; the case closes."),
        ActText("remind", "Remind the site", "A reminder is noted; the case comes up again if the site stays silent.", (_HOURS,)),
        ActText("apply_as_unit", "The site counted packs", "The quantity is taken times the units in a pack."),
        ActText("apply_as_stated", "The site counted pieces", "The quantity is taken as it stands."),
        ActText("capture", "Capture the payment", "Record that the money was taken before the authorisation lapses."),
        ActText("extend", "Record a longer authorisation", "The processor granted more time.", (_HOURS,)),
        ActText("approve", "Approve the order", "The hold is cleared and the order goes on."),
    )
}  # fmt: skip


def act_text(name: str) -> ActText:
    """The words of an act, also of one that this version does not know."""
    return ACTS.get(name) or ActText(name, name.replace("_", " ").capitalize(), "")


class Result(msgspec.Struct, frozen=True):
    """What an act did, would do, or why it did not."""

    title: str
    dry_run: bool
    changes: Sequence[str] = ()
    problem: str = ""


def result_of(label: str, outcome: Outcome) -> Result:
    """An outcome with its title."""
    title = f"{label}: this would change" if outcome.dry_run else f"{label}: done"
    return Result(title, outcome.dry_run, tuple(outcome.changes))
