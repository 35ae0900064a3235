"""Pure decisions: which SKUs an event touches, which channels are due, what is worth telling."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from .model import Difference, Listing, Told

ALL_SKUS = 0
"""Stands for every SKU: the configuration changed."""


class Touched(msgspec.Struct, frozen=True):
    """The parts of an event's data that name SKUs."""

    sku_id: int | None = None
    sku_ids: tuple[int, ...] = ()


_DECODER = msgspec.json.Decoder(Touched)


def changed_skus(kind: str, subject_id: int, data: bytes) -> set[int]:
    """The SKUs whose availability an event may have changed; 0 for all."""
    if kind.startswith("configuration."):
        return {ALL_SKUS}
    if kind.startswith("sku."):
        return {subject_id}
    touched = _DECODER.decode(data)
    return {*touched.sku_ids, *(() if touched.sku_id is None else (touched.sku_id,))}


def is_due(looked_at: datetime | None, every_minutes: int, now: datetime) -> bool:
    """Whether a channel is to be looked at: at each call, or when its interval has passed."""
    return looked_at is None or now - looked_at >= timedelta(minutes=every_minutes)


def worth_telling(listings: Iterable[Listing], told: Mapping[str, Told]) -> list[Listing]:
    """The listings that show something else than was last told, or are sold and were never told; by listing."""
    fresh = [
        item for item in listings if (told[item.listing].shown != item.shown if item.listing in told else item.active)
    ]
    return sorted(fresh, key=lambda item: item.listing)


def differences(listings: Iterable[Listing], told: Mapping[str, Told]) -> list[Difference]:
    """Where the last word is not the truth; the most over-exposed first."""
    found = [
        Difference(
            channel_id=word.channel_id, listing=item.listing, sku_id=item.sku_id, told=word.shown, truth=item.shown,
            told_at=word.told_at,
        )
        for item in listings
        if (word := told.get(item.listing)) is not None and word.shown != item.shown
    ]  # fmt: skip
    return sorted(found, key=lambda item: (-item.over_exposed, item.listing))


def as_csv(listings: Sequence[Listing], codes: Mapping[int, str], at: datetime) -> str:
    """The file for a channel: listing, sku, quantity in listed units, and the instant it holds for."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("listing", "sku", "quantity", "as_of"))
    stamp = at.isoformat()
    writer.writerows((item.listing, codes.get(item.sku_id, ""), item.shown, stamp) for item in listings)
    return text.getvalue()
