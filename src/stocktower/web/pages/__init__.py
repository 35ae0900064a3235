"""The pages: each module is one place of the rail, its handlers, and the pure shaping of what they show."""

from stocktower.web.pages import (
    bins,
    books,
    cases,
    channel_rules,
    counts,
    entrance,
    evidence,
    find,
    goods,
    imports,
    listings,
    lots,
    orders,
    papers,
    publication,
    quality,
    reconciliation,
    reorder,
    sku,
    stock,
    today,
)

HANDLERS = (
    today.today_page,
    orders.orders_page, orders.order_page, orders.act_page,
    stock.stock_page, sku.sku_page, sku.history_page,
    publication.publication_page, publication.resend_page,
    listings.listings_page,
    lots.lots_page, lots.lot_page, lots.act_page, bins.bins_page, bins.bins_act, bins.bin_moves_page,
    goods.inbound_page, goods.receive_page, goods.receive_act, goods.moves_page,
    papers.transfer_page, papers.receipt_page, papers.assembly_page,
    counts.counts_page, counts.plan_page, counts.count_page, counts.count_act,
    reconciliation.reconciliation_page, reconciliation.system_page,
    quality.quality_page, quality.do_quality,
    cases.cases_page, cases.case_page, cases.do_page,
    books.trial_balance_page, books.account_page, books.journals_page, books.journal_page,
    imports.imports_page, imports.import_page, imports.bring_page,
    reorder.reorder_page, reorder.reorder_act,
    channel_rules.rules_page, channel_rules.rules_act,
    evidence.event_page, evidence.events_page, evidence.message_page,
    find.find_page,
    entrance.sign_in_page, entrance.redeem_page, entrance.sign_out, entrance.set_theme,
)  # fmt: skip

for _handler in HANDLERS:
    _handler.include_in_schema = False
