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
        ActText(
            "correct", "Correct the address", "What is empty stays as it is; the order goes on to the address.",
            (
                Field("street", "Street"), Field("city", "City"), Field("region", "State or region"),
                Field("postal_code", "Postal code"), Field("country", "Country"),
            ),
        ),
        ActText(
            "release", "Release it as it is", "The order goes on to the address that it has.",
            (Field("note", "Why", required=True),),
        ),
        ActText("cancel", "Cancel the order", "What is allocated is given back, what was paid refunded."),
        ActText("cancel_lines", "Cancel the lines that wait", "The rest of each order goes on."),
        ActText("wait", "Wait for stock", "The case stays; stock that comes fills the orders by priority."),
        ActText("reroute", "Route again", "Requests of which nothing is picked are taken back, and sourced anew."),
        ActText("acknowledge", "Acknowledge", "It was dealt with outside; the case closes."),
        ActText("remind", "Remind the site", "It comes up again if the site stays silent.", (_HOURS,)),
        ActText("apply_as_unit", "The site counted packs", "The quantity is taken times the units in a pack."),
        ActText("apply_as_stated", "The site counted pieces", "The quantity is taken as it stands."),
        ActText("approve_adjustment", "Approve it", "The stock is adjusted, and the books with it."),
        ActText("refuse_adjustment", "Refuse it", "The stock stays as it is."),
        ActText("found", "Found at the destination", "What is missing has arrived after all."),
        ActText("returned", "Back at the source", "What is missing lies where it came from."),
        ActText("claim", "Claim from the carrier", "It is gone; the carrier owes its value."),
        ActText("lost", "Write it off", "It is gone; its value is shrinkage."),
        ActText("keep", "Keep the goods", "They stay in stock; the supplier is paid for them."),
        ActText("send_back", "Send them back", "They leave stock again, and are owed to the supplier no more."),
        ActText("accept_short", "Accept it", "Nothing more is expected; the case closes."),
        ActText("release_lot", "Release the lot", "It is sold again on all sites and channels; who waits may have it."),
        ActText("expect_rest", "Expect the rest", "What was closed short counts as coming again."),
        ActText("capture", "Capture the payment", "Record that the money was taken before the authorisation lapses."),
        ActText("extend", "Record a longer authorisation", "The processor granted more time.", (_HOURS,)),
        ActText("wait_run", "Wait for the next statement", "The case stays; a later statement that agrees closes it."),
        ActText("recount", "Have it counted", "What differs goes on count sheets of its sites."),
        ActText("count_row", "Have it counted", "The SKU goes on a count sheet of the site."),
        ActText(
            "accept_theirs", "Take their word as a count",
            "Stock becomes what they state as of their instant; what moved since stays moved.",
            (Field("sku", "Only this SKU (empty: all lines of the cause)", "sku"),),
        ),
        ActText(
            "allow", "Leave small differences out", "They stay in the comparison, and out of the case until then.",
            (
                Field("units", "Up to how many units", "number", "1", required=True),
                Field("hours", "For how many hours", "number", "168", required=True),
                Field("note", "Why", required=True),
            ),
        ),
        ActText("recheck", "Check again", "All SKUs are checked anew; what is mended leaves the case."),
        ActText("snooze", "Look again later", "It comes up again if no statement has come by then.", (_HOURS,)),
        ActText(
            "approve_count", "Approve the count", "Stock becomes what was counted, and the books follow.",
            (Field("note", "Note"),),
        ),
        ActText("recount_lines", "Count again", "Somebody who has not counted the lines in doubt counts them again."),
        ActText(
            "reject_count", "Reject the sheet", "Nothing of it changes stock; its rows are due again.",
            (Field("note", "Why"),),
        ),
        ActText("resend", "Tell it everything again", "All that the channel lists is told once more, within its rate."),
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


# What is counted of each kind of event; what is not named here stands by its kind.
_COUNTED = {
    "case.closed": ("case closes", "cases close"),
    "case.opened": ("case opens", "cases open"),
    "listing.mapped": ("listing is mapped", "listings are mapped"),
    "order.captured": ("order is captured", "orders are captured"),
    "order.changed": ("order changes", "orders change"),
    "order.validated": ("order is validated", "orders are validated"),
    "order.reserved": ("order is reserved", "orders are reserved"),
    "order.routed": ("order is routed", "orders are routed"),
    "order.released": ("order is released", "orders are released"),
    "order.cancelled": ("order is cancelled", "orders are cancelled"),
    "line.backordered": ("line is backordered", "lines are backordered"),
    "hold.set": ("hold is set", "holds are set"),
    "hold.cleared": ("hold is cleared", "holds are cleared"),
    "address.corrected": ("address is corrected", "addresses are corrected"),
    "allocation.released": ("allocation is given back", "allocations are given back"),
    "refund.issued": ("refund is issued", "refunds are issued"),
    "payment.captured": ("payment is captured", "payments are captured"),
    "payment.voided": ("payment is voided", "payments are voided"),
    "fulfillment.acknowledged": ("request is acknowledged", "requests are acknowledged"),
    "fulfillment.cancelled": ("request to a site is taken back", "requests to sites are taken back"),
    "supply.changed": ("change of what can be sold", "changes of what can be sold"),
    "count.applied": ("count sheet becomes stock", "count sheets become stock"),
    "count.recount_asked": ("count sheet is to be counted again", "count sheets are to be counted again"),
    "count.rejected": ("count sheet is rejected", "count sheets are rejected"),
    "stock.adjusted": ("stock row is adjusted", "stock rows are adjusted"),
    "stock.counted": ("stock row is counted", "stock rows are counted"),
}


def counted(kind: str, count: int) -> str:
    """How many events of a kind, in words: `37 orders are released`."""
    singular, many = _COUNTED.get(kind, (kind, f"times {kind}"))
    return f"{count:,} {singular if count == 1 else many}"


def result_of(label: str, outcome: Outcome) -> Result:
    """An outcome with its title, in sentences."""
    title = f"{label}: this would happen, nothing is changed yet" if outcome.dry_run else f"{label}: done"
    changes = [counted(kind, count) for kind, count in outcome.events.items()]
    return Result(title, outcome.dry_run, (*changes, *outcome.notes))
