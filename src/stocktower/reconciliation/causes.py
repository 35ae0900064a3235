"""Judges why two figures differ: every explanation that fits exactly is weighed, and the likeliest is told. Pure.

What is found in the ledger or the inbox weighs more than a coincidence of numbers, a near instant more than a far one,
one candidate more than several, and large differences more than small ones, which anything explains.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from stocktower.kernel import allowed_units

from .model import Cause, Coming, Key, LineFacts, Moved, Verdict

LARGE = 10
"""Stock units; a smaller difference is never taken for another unit."""
SMALL = 3
"""Stock units; below this many, equal numbers prove little."""
UNEXPLAINED = 40
"""How sure it is that nothing explains a difference for which nothing was found."""
SHOWN = 5
_FAR = 10
"""What a nearby instant loses of its weight at the edge of the window; beyond it, it is a missed message."""


def judge(facts: LineFacts, window: timedelta) -> Verdict:
    """The likeliest cause of a difference; never none. Raises ValueError where the figures agree."""
    if facts.delta == 0:
        raise ValueError("the figures agree")
    found = [verdict for look in _LOOKS if (verdict := look(facts, window)) is not None]
    found.append(_unexplained(facts))
    return max(found, key=lambda verdict: verdict.confidence)


def within_tolerance(ours: int, theirs: int, units: int, basis_points: int) -> bool:
    """Whether two figures are near enough: by so many units, or by a share of the larger one."""
    larger = max(abs(ours), abs(theirs))
    return abs(theirs - ours) <= allowed_units(larger, units, Decimal(basis_points) / 100)


def _unworked(facts: LineFacts, window: timedelta) -> Verdict | None:
    """Messages that lie in the inbox and will make it right."""
    if not facts.unworked or sum(one.units for one in facts.unworked) != facts.delta:
        return None
    messages = [one.message_id for one in facts.unworked]
    reason = f"{_many(len(messages), 'message')} in the inbox, not worked yet, will make it right"
    return Verdict(Cause.TIMING, 95, reason, {"messages": messages[:SHOWN], "explained": facts.delta})


def _learned_late(facts: LineFacts, window: timedelta) -> Verdict | None:
    """They say what we knew at the instant: what we learned later, they did not know either."""
    if facts.recorded == facts.ours or facts.theirs != facts.recorded:
        return None
    late = [one for one in facts.moves if one.occurred_at <= facts.as_of < one.recorded_at]
    reason = "their figure is ours as it was recorded at the instant; what had happened by then was recorded later"
    return Verdict(Cause.TIMING, 94, reason, {**_moves(late), "explained": facts.recorded - facts.ours})


def _nearby(facts: LineFacts, window: timedelta) -> Verdict | None:
    """Our figure was theirs a little earlier, or became it a little later."""
    best: Verdict | None = None
    for steps in (_earlier(facts, window), _later(facts, window)):
        level, passed = facts.ours, list[Moved]()
        for moves in steps:
            is_earlier = moves[0].occurred_at <= facts.as_of
            change = sum(one.delta for one in moves)
            level += -change if is_earlier else change
            passed += moves
            if level == facts.theirs:
                gap = abs(facts.as_of - moves[0].occurred_at)
                confidence = 92 - int(_FAR * (gap / window))
                if best is None or confidence > best.confidence:
                    side = "until" if is_earlier else "from"
                    reason = (
                        f"ours was the same {side} {moves[0].occurred_at:%Y-%m-%d %H:%M} UTC, "
                        f"{_span(gap)} {'before' if is_earlier else 'after'} the instant"
                    )
                    evidence = {**_moves(passed), "explained": facts.delta}
                    best = Verdict(Cause.TIMING, confidence, reason, evidence)
                break
    return best


def _earlier(facts: LineFacts, window: timedelta) -> Iterable[list[Moved]]:
    """The moves of the window before the instant, the last first; those of one moment together."""
    near = [one for one in facts.moves if facts.as_of - window < one.occurred_at <= facts.as_of]
    ordered = sorted(near, key=lambda one: one.occurred_at, reverse=True)
    return (list(moves) for _, moves in groupby(ordered, key=lambda one: one.occurred_at))


def _later(facts: LineFacts, window: timedelta) -> Iterable[list[Moved]]:
    """The moves of the window after the instant, the first first."""
    near = [one for one in facts.moves if facts.as_of < one.occurred_at < facts.as_of + window]
    ordered = sorted(near, key=lambda one: one.occurred_at)
    return (list(moves) for _, moves in groupby(ordered, key=lambda one: one.occurred_at))


def _not_confirmed(facts: LineFacts, window: timedelta) -> Verdict | None:
    """They have shipped what they have not told us of."""
    if facts.delta >= 0 or not facts.underway:
        return None
    gone = -facts.delta
    if sum(one.units for one in facts.underway) == gone:
        candidates = [facts.underway]
    else:
        candidates = [(one,) for one in facts.underway if one.units == gone]
    if not candidates:
        return None
    one = candidates[0]
    reason = f"as many units as {_many(len(one), 'request')} to the site hold that it has not confirmed"
    evidence = {
        "fulfillments": [item.fulfillment_id for item in one][:SHOWN],
        "orders": sorted({item.order_id for item in one})[:SHOWN],
        "explained": facts.delta,
    }
    return Verdict(Cause.MISSED_MESSAGE, _of_several(85, len(candidates), gone), reason, evidence)


def _received_there(facts: LineFacts, window: timedelta) -> Verdict | None:
    """They have received what is only announced here: all of it, or a part of what is due by now."""
    if facts.delta <= 0 or not facts.coming:
        return None
    by_reference: defaultdict[str, list[Coming]] = defaultdict(list)
    for one in facts.coming:
        by_reference[one.reference].append(one)
    groups = [*by_reference.values(), *([list(facts.coming)] if len(by_reference) > 1 else [])]
    whole = [some for some in groups if sum(one.units for one in some) == facts.delta]
    if whole:
        confidence = _of_several(84, len(whole), facts.delta)
        return _arrived(whole[0], confidence, "as many units as {} is still to bring", facts)
    due = [
        some
        for some in by_reference.values()
        if sum(one.units for one in some) > facts.delta
        and all(one.expected_at is not None and one.expected_at < facts.as_of + window for one in some)
    ]
    if len(due) == 1:
        return _arrived(due[0], _of_several(66, 1, facts.delta), "a part of what {} is due to bring", facts)
    return None


def _arrived(some: Sequence[Coming], confidence: int, words: str, facts: LineFacts) -> Verdict:
    names = ", ".join(sorted({one.reference for one in some})[:SHOWN])
    reason = f"{words.format(names)}: received there, and not here yet"
    evidence = {"inbound": [one.inbound_id for one in some][:SHOWN], "references": names, "explained": facts.delta}
    return Verdict(Cause.TIMING, confidence, reason, evidence)


def _not_known_there(facts: LineFacts, window: timedelta) -> Verdict | None:
    """Something that we booked, and they have not."""
    groups = [moves for moves in _by_reference(facts) if sum(one.delta for one in moves) == -facts.delta]
    if not groups:
        return None
    moves = groups[-1]
    first = moves[0]
    reason = f"they lack our {_word(first.reason)} of {abs(facts.delta):,} on {first.occurred_at:%Y-%m-%d %H:%M} UTC"
    confidence = _of_several(80, len(groups), abs(facts.delta))
    return Verdict(Cause.MISSED_MESSAGE, confidence, reason, {**_moves(moves), "explained": facts.delta})


def _other_unit(facts: LineFacts, window: timedelta) -> Verdict | None:
    """The same number of another unit."""
    if abs(facts.delta) < LARGE or facts.ours <= 0 or facts.theirs <= 0:
        return None
    for factor in sorted({factor for factor in facts.factors if factor > 1}):
        if facts.theirs * factor == facts.ours:
            reason = f"they state packs of {factor}: {facts.theirs:,} x {factor} = {facts.ours:,}"
        elif facts.ours * factor == facts.theirs:
            reason = f"they state {facts.theirs:,} where {facts.ours:,} packs of {factor} are meant"
        else:
            continue
        return Verdict(Cause.UNIT_ERROR, 88, reason, {"factor": factor, "explained": facts.delta})
    return None


def _other_status(facts: LineFacts, window: timedelta) -> Verdict | None:
    """As many units too many in one status as are missing in another."""
    key = facts.key
    other = _opposite(facts, lambda one: one.site_id == key.site_id and one.lot == key.lot)
    if other is None:
        return None
    words = f"{abs(facts.delta):,} units are {key.status} on one side and {other.status} on the other"
    return Verdict(Cause.STATUS, 85, words, {"status": other.status, "explained": facts.delta})


def _other_lot(facts: LineFacts, window: timedelta) -> Verdict | None:
    """As many units too many of one lot as are missing of another."""
    key = facts.key
    other = _opposite(facts, lambda one: one.site_id == key.site_id and one.status == key.status)
    if other is None:
        return None
    words = (
        f"{abs(facts.delta):,} units are of lot {key.lot or 'none'} on one side and {other.lot or 'none'} on the other"
    )
    return Verdict(Cause.LOT, 84, words, {"lot": other.lot, "explained": facts.delta})


def _other_site(facts: LineFacts, window: timedelta) -> Verdict | None:
    """As many units too many at one site as are missing at another."""
    key = facts.key
    other = _opposite(facts, lambda one: one.status == key.status and one.lot == key.lot)
    if other is None:
        return None
    confidence = _of_several(82, 1, abs(facts.delta))
    words = f"{abs(facts.delta):,} units lie at another site for one side"
    return Verdict(Cause.LOCATION, confidence, words, {"site_id": other.site_id, "explained": facts.delta})


def _opposite(facts: LineFacts, fits: Callable[[Key], bool]) -> Key | None:
    """The first other line of the SKU whose difference is equal and opposite."""
    return next((key for key, delta in sorted(facts.siblings) if delta == -facts.delta and fits(key)), None)


def _other_sku(facts: LineFacts, window: timedelta) -> Verdict | None:
    """As many units too many of one SKU as are missing of exactly one other at the site."""
    if not facts.pair_sku_id:
        return None
    confidence = _of_several(60, 1, abs(facts.delta))
    words = f"{abs(facts.delta):,} units of another SKU at the site differ the other way"
    return Verdict(Cause.MAPPING, confidence, words, {"sku_id": facts.pair_sku_id, "explained": facts.delta})


def _twice(facts: LineFacts, window: timedelta) -> Verdict | None:
    """Exactly double, or one thing booked a second time."""
    small, large = sorted((facts.ours, facts.theirs))
    if small >= SMALL and large == 2 * small:
        side = "they count" if facts.theirs == large else "we count"
        return Verdict(Cause.DUPLICATE, 62, f"{side} exactly twice as much", {"explained": facts.delta})
    groups = [moves for moves in _by_reference(facts) if sum(one.delta for one in moves) == facts.delta]
    if len(groups) != 1:
        return None
    first = groups[0][0]
    what = f"{_word(first.reason)} of {abs(facts.delta):,}"
    words = f"they have our {what} on {first.occurred_at:%Y-%m-%d %H:%M} UTC twice"
    confidence = _of_several(58, 1, abs(facts.delta))
    return Verdict(Cause.DUPLICATE, confidence, words, {**_moves(groups[0]), "explained": facts.delta})


def _unexplained(facts: LineFacts) -> Verdict:
    words = f"{abs(facts.delta):,} {'fewer' if facts.delta < 0 else 'more'} there, and nothing explains it"
    return Verdict(Cause.SHRINKAGE, UNEXPLAINED, words, {"explained": 0})


def _by_reference(facts: LineFacts) -> list[list[Moved]]:
    """What had happened by the instant, together by what it was booked for, in order of time."""
    groups: defaultdict[tuple[str, str, int, int], list[Moved]] = defaultdict(list)
    for one in facts.moves:
        if one.occurred_at <= facts.as_of:
            alone = 0 if one.reference_id else one.stock_id * 1_000_003 + one.sequence
            groups[one.reason, one.reference, one.reference_id, alone].append(one)
    return sorted(groups.values(), key=lambda moves: (moves[0].occurred_at, moves[0].stock_id, moves[0].sequence))


def _of_several(confidence: int, candidates: int, units: int) -> int:
    """Less where several things explain it as well, or where the number is so small that anything does."""
    return max(30, confidence // candidates - (25 if units < SMALL else 0))


def _moves(moves: Sequence[Moved]) -> dict[str, object]:
    shown = [[one.stock_id, one.sequence] for one in moves[:SHOWN]]
    return {"moves": shown, "count": len(moves)}


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _word(reason: str) -> str:
    return reason.replace("_", " ")


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


_LOOKS: tuple[Callable[[LineFacts, timedelta], Verdict | None], ...] = (
    _unworked,
    _learned_late,
    _nearby,
    _not_confirmed,
    _received_there,
    _not_known_there,
    _other_unit,
    _other_status,
    _other_lot,
    _other_site,
    _other_sku,
    _twice,
)
