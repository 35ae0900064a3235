"""Publication: what each channel was told against what is true, and how it keeps up."""

from datetime import timedelta

from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from stocktower import access, catalog
from stocktower import publication as room
from stocktower.web import labels
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Word, parse_filter
from stocktower.web.forms import FilledForm

SHOWN = 50
DAYS = 14
TONES = {"normal": "done", "behind": "waiting", "dark": "broken"}
VOCABULARY = (Word("channel", "exact code of a channel"),)


@get("/publication", sync_to_thread=True)
def publication_page(desk: AtDesk, q: FromQuery[str] = "") -> Response[str]:
    """Every channel with its lag, backlog and accuracy; what it shows that could not be sold, most dangerous first."""
    return _show(desk, q)


def _show(desk: Desk, q: str, result: Result | None = None) -> Response[str]:
    wanted = parse_filter(q, VOCABULARY)
    with desk.reading() as tx:
        network = desk.network(tx)
        code = wanted.one("channel")
        channel_id = network.channel_ids.get(code, -1) if code else 0
        channels = room.load_health(tx, network)
        found = [one for one in channels if channel_id in (0, one.channel_id)]
        views = (("All channels", ""), *((one.name, f"channel:{one.channel}") for one in channels))
        over = room.load_over_exposed(tx, channel_id=channel_id, limit=SHOWN)
        sales = room.load_stale_sales(tx, tx.now - timedelta(days=7), channel_id=channel_id, limit=SHOWN)
        skus = catalog.load_skus(tx, {item.sku_id for item in (*over, *sales)})
        return desk.show(
            tx, "publication.html", status=422 if result and result.problem else 200, title="Publication",
            filter=wanted, vocabulary=VOCABULARY, channels=found, over=over, sales=sales, skus=skus, tones=TONES,
            zone=network.timezone, orders=labels.of_subjects(tx, network, {("order", sale.order_id) for sale in sales}),
            days=room.load_accuracy_by_day(tx, network, channel_id, DAYS) if channel_id > 0 else [],
            publications=room.load_publications(tx, channel_id=max(0, channel_id), limit=10) if channel_id >= 0 else [],
            may_act=desk.may(access.Permission.MANAGE_PUBLICATION), result=result, base="/publication",
            views=views,
        )  # fmt: skip


@post("/publication/resend", sync_to_thread=True)
def resend_page(desk: AtDesk, form: FilledForm) -> Response[str] | Redirect:
    """Tell a channel everything again; a dry run says how much that is."""
    desk.require(access.Permission.MANAGE_PUBLICATION)
    code, dry_run = form.get("channel"), form.get("go") != "yes"
    with desk.writing(dry_run=dry_run) as tx:
        network = desk.network(tx)
        channel_id = network.channel_ids.get(code)
        count = 0
        if channel_id is not None:
            count = room.resend(tx, network, channel_id)
            access.record_act(tx, "publication.resend", "channel", channel_id, {"skus": [], "listings": count})
    query = f"channel:{code}"
    if channel_id is None:
        problem = f"{code} is not a channel; nothing was done."
        return _show(desk, "", Result("Not told again", dry_run=False, problem=problem))
    words = f"{count:,} listings are told again, the most dangerous first, as fast as it takes them"
    title = "Tell it everything again: this would happen" if dry_run else "Tell it everything again: done"
    return _show(desk, query, Result(title, dry_run=dry_run, changes=(words,)))
