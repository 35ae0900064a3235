"""What can be promised, and by when."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from stocktower.insight import AtpAnswers, answer_atp
from stocktower.web.api.stock import known_channel, moment_asked
from stocktower.web.desk import AtDesk
from stocktower.web.pages.sku import sku_asked

AT = (
    "As of an instant of the past, by what we knew then, or the end of a day; without an offset in the merchant's "
    "zone. Nothing: now."
)


@get("/api/v1/atp", sync_to_thread=True, tags=["Stock"])
def get_atp(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
    channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = "",
    quantity: Annotated[int, QueryParameter(ge=1, description="From which date on so many can be promised.")] = 1,
    by: Annotated[date | None, QueryParameter(description="How many can be promised by the end of this date.")] = None,
    at: Annotated[str, QueryParameter(description=AT)] = "",
) -> AtpAnswers:
    """What can be promised by date, or could as of any instant: from stock, and from what is confirmed to come, less
    what is promised already."""
    with desk.reading() as tx:
        moment = moment_asked(desk, tx, at)
        if channel:
            known_channel(channel, (moment.network if moment else desk.network(tx)).channel_ids, field="channel")
        return answer_atp(tx, sku_asked(tx, sku), channel=channel, quantity=quantity, by=by, moment=moment)
