"""What can be promised, and by when."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from stocktower import catalog, inventory
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable


class AtpAnswers(msgspec.Struct, frozen=True):
    """What one channel, or each, can promise of a SKU."""

    sku: str
    channels: list[inventory.AtpAnswer]


@get("/api/v1/atp", sync_to_thread=True, tags=["Stock"])
def get_atp(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
    channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = "",
    quantity: Annotated[int, QueryParameter(ge=1, description="From which date on so many can be promised.")] = 1,
    by: Annotated[date | None, QueryParameter(description="How many can be promised by the end of this date.")] = None,
) -> AtpAnswers:
    """What can be promised by date: from stock, and from what is confirmed to come, less what is promised already."""
    with desk.reading() as tx:
        network = desk.network(tx)
        if channel and channel not in network.channel_ids:
            fix = f"Name one of {', '.join(sorted(network.channel_ids))}."
            raise Unprocessable(f"{channel} is not a channel", field="channel", fix=fix)
        found = catalog.find_skus(tx, [sku]).get(sku)
        if found is None:
            raise NotFoundException(f"There is no SKU {sku}.")
        promisable = inventory.load_promisable(tx, [found.sku_id], network)
        return AtpAnswers(
            found.code,
            [
                inventory.answer_atp(promisable, found.sku_id, channel_id, quantity=quantity, by=by)
                for code, channel_id in network.channel_ids.items()
                if channel in ("", code)
            ],
        )
