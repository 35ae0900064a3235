"""Pure decisions about one listing: what it shows, what is worth telling and how soon, who comes first."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from stocktower.inventory import shown as shown_of

from .model import (
    Ahead,
    ChannelState,
    Difference,
    Exposure,
    Pace,
    Pending,
    SkuVelocity,
    Standing,
    Told,
    Truth,
    Velocity,
)
from .policies import Threshold

ALL_SKUS = 0
"""Stands for every SKU: the configuration changed."""
OVERSELL_WEIGHT = 16
"""A unit that is sold twice hurts so many times as much as one that is not offered."""
_EVERYTHING = Threshold(1, 0)


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


def offered(
    ats: int, pack_quantity: int, buffer: int, state: str, low_stock: int, times: int, floor: int = 0
) -> tuple[int, int]:
    """What a listing shows, and what could be sold of it without buffer and floor; whole packs.

    While its channel is behind or dark the buffer grows, to one unit at least where others sell of it; a dark channel
    is shown nothing of what is low.
    """
    most = shown_of(ats, pack_quantity)
    if state != ChannelState.NORMAL:
        buffer *= times
        if state == ChannelState.DARK and ats <= low_stock:
            return 0, most
    return (shown_of(ats, pack_quantity, buffer, floor) if buffer or floor else most), most


def matters(known: int | None, shown: int, most: int, threshold: Threshold = _EVERYTHING) -> bool:
    """Whether a word of a listed SKU is worth correcting: what was never said, from and to zero, and what is more than
    could be sold always; else a difference that is neither below so many units nor below a percentage."""
    if known is None:
        return True
    if known == shown:
        return False
    if known > most or known == 0 or shown == 0:
        return True
    difference, larger = (known - shown, known) if known > shown else (shown - known, shown)
    return difference >= threshold.units and difference * 100 >= larger * threshold.percent


def judge(standing: Standing, threshold: Threshold) -> str:
    """What the word that the channel is known to show is worth."""
    known = standing.acknowledged
    if known is not None and known > standing.most:
        return Exposure.OVER
    if not standing.listed:
        return Exposure.UNLISTED
    return Exposure.WRONG if matters(known, standing.shown, standing.most, threshold) else Exposure.RIGHT


def worth_telling(standing: Standing, threshold: Threshold) -> bool:
    """Whether its channel is to be told: of what is listed no more only that it shows nothing, where it was told."""
    if not standing.listed:
        return bool(standing.told)
    return matters(standing.told, standing.shown, standing.most, threshold)


def pace_of(standing: Standing, velocity: str) -> str:
    """When it goes: what is new, what crosses zero and what is fast at once, the rest with the rounds of its class;
    nothing that could be oversold waits for a slow one."""
    told = standing.told
    if told is None or velocity == Velocity.FAST or (told == 0) != (standing.shown == 0):
        return Pace.NOW
    return Pace.NORMAL if velocity == Velocity.NORMAL or told > standing.most else Pace.SLOW


def danger_of(standing: Standing, value_minor: int, sold: SkuVelocity | None) -> int:
    """Money at stake in a day, minor units: packs that may be sold and are not there weigh most, then those that eat
    into the buffer, then those that are not offered; no more than sell in a day, and one at least."""
    told = standing.told or 0
    if told > standing.most:
        packs, weight = told - standing.most, OVERSELL_WEIGHT
    elif told > standing.shown:
        packs, weight = told - standing.shown, 4
    else:
        packs, weight = standing.shown - told, 1
    daily = -(-sold.units // (sold.days * standing.pack_quantity)) if sold is not None else 0
    return min(packs, max(1, daily)) * max(1, value_minor) * weight


def turn_of(since: datetime, danger: int, objective: timedelta) -> datetime:
    """Who has the earliest turn is told first: each doubling of the danger counts as much as waiting an objective.

    So what is dangerous goes first, and yet nothing can wait for good: a turn never moves, and new ones come later.
    """
    return since - objective * danger.bit_length()


def in_turn(waiting: Iterable[Pending]) -> list[Pending]:
    """What is told first comes first; of one turn the more dangerous, then by listing."""
    return sorted(waiting, key=lambda item: (item.turn_at, -item.danger, item.listing))


def differences(truths: Iterable[Truth], told: Mapping[tuple[int, str], Told]) -> list[Difference]:
    """Where the last word is not what should be shown; the most over-exposed first, by channel and listing then."""
    found = [
        Difference(
            channel_id=item.channel_id, listing=item.listing, sku_id=item.sku_id, told=word.shown, truth=item.shown,
            told_at=word.told_at, most=item.most,
        )
        for item in truths
        if (word := told.get((item.channel_id, item.listing))) is not None and word.shown != item.shown
    ]  # fmt: skip
    return sorted(found, key=lambda item: (-item.over_exposed, item.channel_id, item.listing))


def as_csv(
    listings: Sequence[Standing], codes: Mapping[int, str], at: datetime, ahead: Mapping[str, Ahead] | None = None
) -> str:
    """The file for a channel: listing, sku, quantity in listed units, and the instant it holds for; `ahead`: with what
    may be ordered ahead, for a channel that takes that."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("listing", "sku", "quantity", "as_of")
    writer.writerow(columns if ahead is None else (*columns, "preorder_quantity", "preorder_available_on"))
    stamp = at.isoformat()
    for item in listings:
        row = (item.listing, codes.get(item.sku_id, ""), item.shown, stamp)
        if ahead is not None:
            one = ahead.get(item.listing)
            more = (one.quantity, one.available_on or "") if one else (0, "")
            writer.writerow((*row, *more))
        else:
            writer.writerow(row)
    return text.getvalue()
