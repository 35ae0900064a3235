"""The API for systems: typed, described by itself, the same figures as the pages."""

from litestar.openapi.spec import Components, SecurityScheme, Tag

from stocktower.web.api import (
    assemblies,
    bins,
    books,
    cases,
    channel_rules,
    counts,
    docs,
    exports,
    feed,
    goods,
    imports,
    listings,
    lots,
    orders,
    papers,
    promises,
    publications,
    quality,
    reconciliation,
    reorder,
    reservations,
    stock,
)

HANDLERS = (
    orders.list_orders, orders.get_order, orders.take_order, orders.take_confirmation,
    stock.list_stock, stock.get_ats, stock.get_history, stock.list_rows, exports.export, stock.get_offer,
    promises.get_atp,
    reorder.list_reorder, reorder.decide_reorder, reorder.get_supply,
    publications.get_status, publications.list_preorders,
    publications.list_publications, publications.acknowledge, publications.resend,
    publications.set_velocity,
    goods.list_inbound, goods.take_inbound, goods.take_receipt, goods.take_transfer, goods.take_adjustment,
    goods.change_status, goods.take_snapshot, assemblies.take_assembly,
    bins.list_bins, bins.list_bin_moves, bins.take_bin_moves,
    papers.get_transfer, papers.get_receipt, papers.get_assembly,
    channel_rules.list_rules, channel_rules.set_rule, channel_rules.end_rule,
    reservations.reserve, reservations.give_back, reservations.pay,
    listings.list_listings, listings.take_listings,
    lots.list_lots, lots.get_lot, lots.get_epcis, lots.recall, lots.release,
    imports.list_imports, imports.get_import, imports.take_file,
    counts.list_sheets, counts.plan, counts.accuracy, counts.get_sheet, counts.enter, counts.finish, counts.variances,
    counts.drop,
    cases.list_cases, cases.get_case, cases.act,
    reconciliation.list_systems, reconciliation.list_lines, reconciliation.take_statement,
    quality.list_queue, quality.get_quality, quality.merge,
    books.trial_balance, books.list_journals, books.get_journal,
    feed.feed,
    docs.docs_page,
)  # fmt: skip

COMPONENTS = Components(
    security_schemes={
        "token": SecurityScheme(type="http", scheme="bearer", description="stocktower token create --name NAME")
    }
)

DESCRIPTION = (
    "Every figure is computed by the same functions as on the pages. Amounts are whole minor units of their currency, "
    "quantities whole stock units, instants ISO 8601 with an offset. Writes take an `Idempotency-Key`: the same key "
    "with the same request gets the same answer again. Errors are problem+json and name the field and the fix."
)

TAGS = [
    Tag("Orders", "Orders as they stand, new ones into the inbox, and what sites report of them."),
    Tag("Stock", "What is on hand, free, and available to sell, with the way to each figure."),
    Tag("Channels", "What channels are told, what they acknowledge, and how they keep up."),
    Tag("Goods", "What will come, what came, transfers, adjustments, status changes, and stock files in batches."),
    Tag("Reservations", "Soft holds with an expiry: a cart, or a payment under way. Calls are gathered."),
    Tag("Imports", "Files, each with the proof that no row was dropped."),
    Tag("Cases", "What is stuck by cause, and the acts that fix it, each with a dry run."),
    Tag("Counts", "Count sheets: planned, counted blind, counted again, approved by the acts of their case."),
    Tag("Reconciliation", "Statements of outside systems, compared with our stock as of their instant."),
    Tag("Master data", "What fails and what it touches; SKUs that are one."),
    Tag("Books", "The trial balance and the journals behind it."),
    Tag("Events", "Everything that happened, in order, by cursor."),
]
