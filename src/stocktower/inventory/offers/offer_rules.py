"""What the rules say of many SKUs at once, as arrays; the same rules in the same order as `terms.resolve`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from stocktower.network import Network
from stocktower.platform import Transaction

from ..channel_rules import rule_store
from ..formulas.claims import WHOLE, Claims, Kept, Terms
from ..formulas.terms import QUOTA, Rule, RuleKind, place_of, rank

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

UNCAPPED = 2**62
_KINDS = [str(kind) for kind in RuleKind]
_NONE_YET = {RuleKind.CAP: UNCAPPED, RuleKind.SHARE: WHOLE}

Key = tuple[str, int, int, str]
"""(kind, channel, site or 0, group or '')"""


class Ruling:
    """What the rules say of SKUs and kits, an array for each figure, in the order of `ids`."""

    def __init__(self, network: Network, ids: "Whole") -> None:
        import numpy as np

        self.network = network
        self.ids = ids
        self.figures: dict[Key, Any] = {}
        self.own: dict[int, Any] = {}
        self.safety = {
            site_id: np.full(len(ids), site.safety_stock, np.int64) for site_id, site in network.sites.items()
        }
        self.winners: dict[int, Any] = {}
        """Site -> the rule that its safety stock comes from, where days of cover may change it."""

    def say(self, said: "Said") -> None:
        """Enter what one rule, or several of one scope, say; what is said later stands before what was said earlier."""
        import numpy as np

        kind, channel_id, _, _ = said.key
        if kind == RuleKind.SAFETY_STOCK:
            places = self.network.sites if said.sites is None else said.sites
            for one in places:
                if one in self.safety:
                    self.safety[one][said.where] = said.units
                    if one not in self.winners:
                        self.winners[one] = np.zeros(len(self.ids), np.int64)
                    self.winners[one][said.where] = said.rule_ids
            return
        if said.key not in self.figures:
            self.figures[said.key] = np.full(len(self.ids), _NONE_YET.get(RuleKind(kind), 0), np.int64)
        self.figures[said.key][said.where] = said.units
        if kind == RuleKind.SHARE:
            if channel_id not in self.own:
                self.own[channel_id] = np.zeros(len(self.ids), np.int64)
            self.own[channel_id][said.where] = said.accepted

    def claims(self, at: "Whole", waiting: Mapping[int, Any]) -> Claims:
        """What is kept of the SKUs at some places."""
        kept: dict[str, list[Kept]] = {RuleKind.SET_ASIDE: [], RuleKind.EXCLUSIVE: []}
        asides: dict[int, Any] = {}
        for key, units in self.figures.items():
            kind, channel_id, _, _ = key
            if kind == RuleKind.SET_ASIDE and self.sites_of(key) is None:
                asides[channel_id] = units[at].clip(0)
            elif kind in kept:
                kept[kind].append(Kept(channel_id, units[at], self.sites_of(key)))
        return Claims(asides, waiting, tuple(kept[RuleKind.SET_ASIDE]), tuple(kept[RuleKind.EXCLUSIVE]))

    def terms(self, at: "Whole") -> dict[int, Terms]:
        """How much channels are offered of what is left of the SKUs at some places."""

        def of(kind: RuleKind, channel_id: int, otherwise: int | None) -> Any:
            found = self.figures.get((kind, channel_id, 0, ""))
            return otherwise if found is None else found[at]

        terms: dict[int, Terms] = {}
        for channel_id in {channel_id for _, channel_id, _, _ in self.figures}:
            own = self.own.get(channel_id)
            terms[channel_id] = Terms(
                of(RuleKind.CAP, channel_id, None),
                of(RuleKind.SHARE, channel_id, WHOLE),
                0 if own is None else own[at],
                of(RuleKind.FLOOR, channel_id, 0),
                tuple(
                    Kept(channel_id, units[at], self.sites_of(key))
                    for key, units in self.figures.items()
                    if key[0] == RuleKind.CAP and key[1] == channel_id and self.sites_of(key) is not None
                ),
            )
        return terms

    def sites_of(self, key: Key) -> frozenset[int] | None:
        """The sites that a figure speaks of; None: all."""
        _, _, site_id, group = key
        if site_id:
            return frozenset([site_id])
        found = self.network.groups.get(group)
        return None if not group else found.site_ids if found else frozenset()


class Said(Struct, frozen=True):
    """What rules of one scope say."""

    key: Key
    where: Any
    """Places in the ids, or a mask of them; of a place that stands twice the later counts."""
    units: Any
    sites: frozenset[int] | None
    rule_ids: Any
    accepted: Any = 0


def load_ruling(tx: Transaction, network: Network, ids: "Whole", *, every: bool) -> Ruling:
    """The rules that hold now for SKUs and kits, ascending."""
    ruling = Ruling(network, ids)
    asked: list[int] = [] if every else ids.tolist()
    general = [one for one in rule_store.load_rules(tx, [0]) if one.holds_at(tx.now)]
    _say_general(tx, ruling, sorted(general, key=lambda one: rank(one, network)), asked, every)
    _say_of_skus(tx, ruling, asked, every)
    if ruling.winners:
        _cover(tx, ruling)
    return ruling


def _say_general(tx: Transaction, ruling: Ruling, rules: Sequence[Rule], asked: list[int], every: bool) -> None:
    import numpy as np

    size = len(ruling.ids)
    categories = sorted({one.category for one in rules if one.category})
    numbers = np.zeros(size, np.int64)
    if categories:
        sku_ids, number = rule_store.load_category_columns(tx, asked, categories, every=every)
        place, known = places_in(ruling.ids, sku_ids)
        numbers[place[known]] = number[known]
    for one in rules:
        where = numbers == categories.index(one.category) + 1 if one.category else np.ones(size, bool)
        used, accepted = _usage(tx, ruling.ids, one.channel_id, one.counts_from)
        units = one.quantity - used if one.mode == QUOTA else np.full(size, one.quantity, np.int64)
        key = (one.kind, one.channel_id, one.site_id, one.site_group)
        sites = place_of(one, ruling.network)
        ruling.say(Said(key, where, units[where], sites, one.rule_id, accepted[where]))


def _usage(tx: Transaction, ids: "Whole", channel_id: int, since: datetime | None) -> "tuple[Whole, Whole]":
    import numpy as np

    used, accepted = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    if since is not None:
        columns = rule_store.load_usage_columns(tx, channel_id, since)
        place, known = places_in(ids, columns[0])
        used[place[known]], accepted[place[known]] = columns[1][known], columns[2][known]
    return used, accepted


def _say_of_skus(tx: Transaction, ruling: Ruling, asked: list[int], every: bool) -> None:
    import numpy as np

    network = ruling.network
    groups = sorted(network.groups)
    columns = rule_store.load_rule_columns(tx, asked, _KINDS, groups, every=every)
    rule_id, sku_id, kind, channel, site, group, quantity, quota, used, accepted = columns
    place, known = places_in(ruling.ids, sku_id)
    units = quantity - used * quota
    scopes: list[tuple[int, Key, Any]] = []
    found: list[list[int]] = np.unique(np.stack([kind, channel, site, group]), axis=1).T.tolist() if len(kind) else []
    for number, channel_id, site_id, group_number in found:
        key = (_KINDS[number - 1], channel_id, site_id, groups[group_number - 1] if group_number else "")
        here = known & (kind == number) & (channel == channel_id) & (site == site_id) & (group == group_number)
        depth = 1_000 if site_id else network.groups[key[3]].depth if key[3] else 0
        scopes.append((depth, key, here))
    for _, key, here in sorted(scopes, key=lambda one: (one[0], one[1])):
        sites = ruling.sites_of(key)
        ruling.say(Said(key, place[here], units[here], sites, rule_id[here], accepted[here]))


def _cover(tx: Transaction, ruling: Ruling) -> None:
    """Days of cover, where the rule that they are of is the one that holds."""
    rule_id, sku_id, site, units = rule_store.load_cover_columns(tx)
    place, known = places_in(ruling.ids, sku_id)
    for site_id, winners in ruling.winners.items():
        here = known & (site == site_id)
        here[here] = winners[place[here]] == rule_id[here]
        at = place[here]
        ruling.safety[site_id][at] = ruling.safety[site_id][at].clip(units[here])


def places_in(ascending: "Whole", ids: "Whole") -> "tuple[Whole, NDArray[np.bool_]]":
    """Where ids stand in an ascending array, and which of them do."""
    import numpy as np

    if not len(ascending):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
    place = np.searchsorted(ascending, ids)
    place[place == len(ascending)] = 0
    return place, ascending[place] == ids
