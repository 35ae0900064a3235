"""What fixes each kind of case, and which acts it allows: names only, the edge knows the commands."""

from msgspec import Struct

from stocktower.kernel import CaseKind


class KindText(Struct, frozen=True):
    """How a kind of case is named to people, what fixes it, and the names of its acts, the best one first."""

    name: str
    fix: str
    actions: tuple[str, ...]


KINDS: dict[str, KindText] = {
    CaseKind.UNMAPPED_LISTING: KindText(
        "Unmapped listing",
        "Say which SKU the listing is, and how many of it one sold unit holds. All that waits goes on by itself.",
        ("map",),
    ),
    CaseKind.UNREADABLE_ROW: KindText(
        "Unreadable row",
        "Correct the row at its source, import the file again, and dismiss this; or add what the row names (a SKU, a "
        "status, an owner) and retry. The row is kept whole as it came.",
        ("dismiss", "retry"),
    ),
    CaseKind.TOTAL_MISMATCH: KindText(
        "Total does not foot",
        "Compare the order with the channel: accept the stated total, or cancel the order. It reserves nothing more "
        "and ships nothing until then.",
        ("accept", "cancel"),
    ),
    CaseKind.ADDRESS: KindText(
        "Address cannot be shipped to",
        "Ask the customer, and state what is missing or wrong; or correct it in the channel and let it tell the order "
        "again, which closes this by itself. Release it as it is, with the reason, where you know that it arrives; or "
        "cancel it. It reserves its stock and ships nothing until then.",
        ("correct", "release", "cancel"),
    ),
    CaseKind.NO_STOCK: KindText(
        "No stock",
        "Receive or count stock of this SKU: the orders fill themselves by priority. Or cancel the lines that wait.",
        ("wait", "cancel_lines"),
    ),
    CaseKind.NO_SITE: KindText(
        "No site can serve",
        "No site serves the channel and ships to this address. Change what a site serves and apply it, then route "
        "again, or cancel the order.",
        ("reroute", "cancel"),
    ),
    CaseKind.SHORTFALL: KindText(
        "Stock is less than was promised",
        "The site has less than was allocated. What was not yet released went back to waiting. Count the SKU at the "
        "site; stock that turns up fills the orders by priority.",
        ("count_row", "acknowledge"),
    ),
    CaseKind.UNIT_MISMATCH: KindText(
        "Counted in another unit",
        "The stated quantity differs by exactly one pack. Say whether the site counted packs or pieces. Nothing is "
        "changed until then.",
        ("apply_as_unit", "apply_as_stated", "dismiss"),
    ),
    CaseKind.NOT_ACKNOWLEDGED: KindText(
        "Site is silent",
        "Call the site, or remind it. When it confirms, the case closes by itself. What is not begun can go elsewhere.",
        ("remind", "acknowledge", "reroute"),
    ),
    CaseKind.AUTHORISATION_EXPIRING: KindText(
        "Authorisation expires",
        "Capture the payment before it lapses, record a longer authorisation, or cancel the order.",
        ("capture", "extend", "cancel"),
    ),
    CaseKind.PARKED_MESSAGE: KindText(
        "Message could not be worked",
        "See the reason. Once its cause is mended, retry: it and the later ones of its subject go on in order.",
        ("retry", "dismiss"),
    ),
    CaseKind.BROKEN_INVARIANT: KindText(
        "An invariant is broken",
        "Something that must always be true is not. Run `stocktower verify`, which names the rows, before you trust "
        "the figures that rest on it.",
        (),
    ),
    CaseKind.FRAUD_REVIEW: KindText(
        "Fraud review",
        "Look at the risk that the channel reported: approve the order to release it, or cancel it.",
        ("approve", "cancel"),
    ),
    CaseKind.CONFIRMATION_MISMATCH: KindText(
        "Confirmation does not fit",
        "A site reported what does not fit its request. Compare both; correct the report and retry, or dismiss it.",
        ("retry", "dismiss"),
    ),
    CaseKind.PROMISE_BROKEN: KindText(
        "Promise cannot be kept",
        "An inbound comes later than the customers were told, or does not bring all. Tell them the new date, press the "
        "supplier for an earlier one, or cancel what waits for it. Stock that comes first serves them all the same.",
        ("tell", "cancel_lines"),
    ),
    CaseKind.CHANNEL_DARK: KindText(
        "Channel does not keep up",
        "See what waits for it and why it does not answer. It is shown less until it keeps up again; then this closes "
        "by itself. If it has lost what it was told, tell it everything again.",
        ("resend",),
    ),
    CaseKind.LOT_EXPIRED: KindText(
        "Expired on a site's hands",
        "Units of a lot expired while a site has them in hand for an order. Call the site: it must not send them. Ship "
        "another lot, or cancel the request; the units go out of sale by themselves when they are given back.",
        ("acknowledge",),
    ),
    CaseKind.COST_UNKNOWN: KindText(
        "Cost is unknown",
        "State a unit cost of the SKU in the catalogue. What was posted at zero stays so; what comes next has a cost.",
        ("dismiss",),
    ),
    CaseKind.RECEIPT_OVER: KindText(
        "Received more than was ordered",
        "The goods are in stock. Keep them, and tell the supplier that they will be paid; or send them back, which "
        "takes what is free of them out again.",
        ("keep", "send_back"),
    ),
    CaseKind.RECEIPT_SHORT: KindText(
        "Received less than was ordered",
        "Accept that nothing more will come, and claim the difference from the supplier; or expect the rest after all.",
        ("accept_short", "expect_rest"),
    ),
    CaseKind.LOT_RECALLED: KindText(
        "Lot is recalled",
        "Tell the sites that have requests with it in hand, and the customers who have it. It is sold nowhere until "
        "it is released.",
        ("release_lot", "acknowledge"),
    ),
    CaseKind.STOCK_DIFFERENCE: KindText(
        "Stock differs from another system",
        "See the lines with both figures under Stock, Reconciliation. Mend what caused it and wait for the next "
        "statement, take the system's word as a count, have it counted, or leave small differences out for a time. It "
        "closes by itself when a later statement agrees.",
        ("wait_run", "recount", "accept_theirs", "allow"),
    ),
    CaseKind.STATEMENT_OVERDUE: KindText(
        "Statement is overdue",
        "The system has not said what it believes of the stock. Look at its export, and import the statement; the case "
        "closes by itself.",
        ("snooze",),
    ),
    CaseKind.ADJUSTMENT_APPROVAL: KindText(
        "Adjustment to approve",
        "Somebody else than who asked for it decides. The stock stays as it is until then.",
        ("approve_adjustment", "refuse_adjustment"),
    ),
    CaseKind.TRANSFER_DISCREPANCY: KindText(
        "Transfer does not add up",
        "What is missing stays in transit until you decide: it was found at the destination, it went back to the "
        "source, it is claimed from the carrier, or it is lost. Where more came than had left, count the source.",
        ("found", "returned", "claim", "lost", "acknowledge"),
    ),
    CaseKind.SNAPSHOT_DIFFERENCE: KindText(
        "Snapshot differs by more than it may",
        "See the rows. What waits is taken over when you accept it, as of its instant; try it to see what that does. "
        "Acknowledged, it stays as it was. Count what you doubt. A later snapshot that agrees closes this.",
        ("accept_count", "count_rows", "acknowledge"),
    ),
    CaseKind.SNAPSHOT_INCOMPLETE: KindText(
        "Whole-site snapshot leaves out too much",
        "Half a file is the usual accident: look at the export, and send the whole again, which closes this. If the "
        "stock is really gone, accept it: what is left out is none, as of the snapshot's instant, by moves.",
        ("accept_rest", "dismiss"),
    ),
    CaseKind.BIN_DIFFERENCE: KindText(
        "Bin held less than was taken out of it",
        "What the site has in all is right, as far as anybody knows; where it lies is not. Count the SKU bin by bin, "
        "which closes this. What was taken out of the bin counts.",
        ("count_row", "acknowledge"),
    ),
    CaseKind.REFERENCE_MISSING: KindText(
        "Names what nobody has stated",
        "State the inbound or the transfer that it names, or import its file: it goes on by itself and this closes. A "
        "delivery can be taken in as it is; the goods are there, whoever ordered them.",
        ("take_in", "dismiss"),
    ),
    CaseKind.COUNT_APPROVAL: KindText(
        "Count waits for approval",
        "Look at the differences of the sheet. Approve them: stock becomes what was counted, and the books follow. Or "
        "have the lines in doubt counted again, or reject the sheet: nothing changes. Who counted may not approve.",
        ("approve_count", "recount_lines", "reject_count"),
    ),
    CaseKind.MASTER_DATA: KindText(
        "Master data costs money",
        "SKUs that are sold fail this check. What fixes it stands with the case, the SKUs under Stock, Data quality. "
        "It closes by itself when none of them fails any more.",
        ("recheck",),
    ),
}

ACTIONS: dict[str, tuple[str, ...]] = {kind: text.actions for kind, text in KINDS.items()}
"""Names of the acts that each kind allows; the edge looks the command up."""

_UNKNOWN = KindText("Case", "See its data and history.", ())


def kind_text(kind: str) -> KindText:
    """The words for a kind of case, also for one that this version does not know."""
    return KINDS.get(kind, _UNKNOWN)
