"""Reads the codes that documents of goods use: sites, SKUs and units; what cannot be meant says which field and how to
mend it.
"""

from collections.abc import Iterable

from stocktower.catalog import Sku, find_stocked, load_units
from stocktower.network import Network, SiteFacts, load_network
from stocktower.platform import Transaction

from ..formulas.model import NO_LOT

SERIAL = "serial"


class NotUsable(ValueError):
    """A document that cannot be meant as it stands: the field, what is wrong, and the fix."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{field}: {problem}; {fix}")


class Words:
    """The codes of some documents, looked up at once."""

    def __init__(self, tx: Transaction, sku_codes: Iterable[str]) -> None:
        self.network: Network = load_network(tx)
        self.skus = find_stocked(tx, sorted(set(sku_codes)))
        self._units = load_units(tx, [sku.sku_id for sku in self.skus.values()])

    def site(self, code: str, field: str = "site") -> SiteFacts:
        """The site of a code; raises NotUsable."""
        site_id = self.network.site_ids.get(code)
        if site_id is None:
            known = ", ".join(sorted(self.network.site_ids))
            problem = f"{code!r} is not a site of the applied configuration" if code else "no site is named"
            raise NotUsable(field, problem, f"one of {known}")
        return self.network.sites[site_id]

    def sku(self, code: str, field: str = "sku") -> Sku:
        """The stocked SKU of a code; raises NotUsable."""
        sku = self.skus.get(code)
        if sku is None:
            problem = f"no SKU has the code {code!r}" if code else "no SKU is named"
            raise NotUsable(field, problem, "import the product, or mend the code")
        if sku.kind == "kit":
            raise NotUsable(field, f"{code} is a kit, which is stocked as its components", "state those")
        return sku

    def units(self, sku: Sku, quantity: int, unit: str) -> int:
        """A quantity in stock units; raises NotUsable."""
        if not unit or unit == sku.stock_unit:
            return quantity
        factor = self._units.get(sku.sku_id, {}).get(unit)
        if factor is None:
            known = ", ".join(sorted({sku.stock_unit, *self._units.get(sku.sku_id, {})}))
            raise NotUsable("unit", f"{unit!r} is not a unit of {sku.code}", f"one of {known}")
        return quantity * factor

    def lot(self, sku: Sku, lot: str, units: int) -> str:
        """The lot of a row: needed where the SKU is tracked, of no meaning where it is not; raises NotUsable."""
        if sku.tracking == "none":
            return NO_LOT
        if not lot:
            raise NotUsable("lot", f"{sku.code} is tracked by {sku.tracking}, and none is named", "name it")
        if sku.tracking == SERIAL and abs(units) > 1:
            raise NotUsable(
                "lot", f"{units} units of {sku.code} have one serial number", "state one row for each piece"
            )
        return lot

    def cost(self, sku: Sku, cost_minor: int | None, unit: str) -> int | None:
        """A cost of a stated unit as the cost of a stock unit, which has to be whole; raises NotUsable."""
        if cost_minor is None:
            return None
        factor = self.units(sku, 1, unit)
        if cost_minor < 0:
            raise NotUsable("cost", f"{cost_minor} is below zero", "state what one unit costs, or leave it out")
        if cost_minor % factor:
            problem = f"the cost of one {unit} is no whole amount for each of its {factor} {sku.stock_unit}"
            raise NotUsable("cost", problem, f"state the quantity in {sku.stock_unit}, and the cost of one")
        return cost_minor // factor
