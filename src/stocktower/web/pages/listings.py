"""Listings: what each channel sells under which name, which SKU of ours it is, and what the channel says of it."""

from urllib.parse import quote

from litestar import Response, get
from litestar.params import FromQuery

from stocktower import catalog, worklist
from stocktower.kernel import CaseKind
from stocktower.web.desk import AtDesk
from stocktower.web.filters import Word, parse_filter

PAGE = 200
VOCABULARY = (
    Word("channel", "code of a channel"),
    Word("sku", "exact code of a SKU"),
    Word("is", "unmapped: stands for no SKU", ("unmapped",)),
    Word("status", "what the channel says of it", catalog.LISTING_STATES),
)
VIEWS = (("All", ""), ("Unmapped", "is:unmapped"), ("Inactive", "status:inactive"), ("Removed", "status:removed"))


@get("/listings", sync_to_thread=True)
def listings_page(desk: AtDesk, q: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[str]:
    """The listings that a sentence of words asks for, by channel and name."""
    wanted = parse_filter(q, VOCABULARY)
    with desk.reading() as tx:
        facts = desk.network(tx)
        code, channel = wanted.one("sku"), wanted.one("channel")
        sku = catalog.find_skus(tx, [code]).get(code) if code else None
        known = (sku is not None or not code) and (channel in facts.channel_ids or not channel)
        place, _, key = after.partition("/")
        found = catalog.load_listing_views(
            tx, channel_id=facts.channel_ids.get(channel, 0), sku_id=sku.sku_id if sku else 0,
            status=wanted.one("status"), unmapped=wanted.one("is") == "unmapped",
            after=(facts.channel_ids.get(place, 0), key), limit=PAGE + 1,
        ) if known else []  # fmt: skip
        rows = found[:PAGE]
        codes = {channel_id: one.code for channel_id, one in facts.channels.items()}
        last = f"{codes[rows[-1].channel_id]}/{rows[-1].key}" if len(found) > PAGE else ""
        page = worklist.load_cases(tx, worklist.CaseFilter(kind=str(CaseKind.UNMAPPED_LISTING)), limit=PAGE)
        return desk.show(
            tx, "listings.html", title="Listings", filter=wanted, vocabulary=VOCABULARY, views=VIEWS, rows=rows,
            skus=catalog.load_skus(tx, {one.sku_id for one in rows if one.sku_id}), codes=codes, next=last,
            cases={case.cause_key: case for case in page.cases}, unmapped=page.total,
            next_href=f"/listings?q={quote(q)}&after={quote(last)}",
        )  # fmt: skip
