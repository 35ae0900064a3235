"""Whose goods lie somewhere: ours, a drop-ship supplier's, or a consignor's. The site's kind says who holds them."""

from stocktower.model import Configuration

from ..formulas.model import OWN, SUPPLIER

CONSIGNOR = "consignor:"
"""How the owner of consigned goods begins; the consignor's code follows."""


def owners_of(configuration: Configuration) -> frozenset[str]:
    """Every owner that the configuration knows."""
    return frozenset({OWN, SUPPLIER, *(f"{CONSIGNOR}{one.code}" for one in configuration.consignors)})
