"""Where goods really lie inside the sites that keep bins: put away by whoever has time, fetched from anywhere."""

from random import Random

from msgspec import Struct, field

CODES = ("A-1", "A-2", "A-10", "B-1")
NOWHERE = ""
"""No bin: not put away."""


class Racks(Struct):
    """The bins of all sites that keep any; the rest of a shelf is not put away."""

    random: Random
    sites: frozenset[str]
    bins: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict[tuple[str, str], dict[str, int]])
    """(site, SKU) -> bin -> units."""

    def of(self, site: str, sku: str) -> dict[str, int]:
        """What lies in which bin."""
        return self.bins.setdefault((site, sku), {})

    def put(self, site: str, sku: str, units: int) -> str:
        """Put units away, in one bin; says which, none where the site keeps none or nobody had time."""
        if site not in self.sites or units <= 0 or self.random.random() < 0.3:
            return NOWHERE
        code = self.random.choice(CODES)
        there = self.of(site, sku)
        there[code] = there.get(code, 0) + units
        return code

    def take(self, site: str, sku: str, units: int, shelf: int) -> dict[str, int]:
        """Fetch units of a shelf from wherever somebody looks first; gives bin -> units."""
        there, taken = self.of(site, sku), dict[str, int]()
        places = [*there, NOWHERE]
        self.random.shuffle(places)
        for code in places:
            most = there[code] if code else shelf - sum(there.values()) - sum(taken.values())
            part = min(units, max(0, most))
            if part:
                taken[code] = part
                units -= part
        for code, part in taken.items():
            if code:
                there[code] -= part
        return taken

    def settle(self, site: str, sku: str, shelf: int) -> None:
        """So many are left of a shelf: what has gone was not put away, or lay anywhere."""
        there = self.bins.get((site, sku), {})
        over = sum(there.values()) - shelf
        while over > 0:
            code = self.random.choice([code for code, units in there.items() if units])
            part = min(over, there[code])
            there[code] -= part
            over -= part
