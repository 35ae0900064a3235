"""Tells what happened to lots in GS1 EPCIS 2.0, the language in which partners and authorities trace goods.

A lot of a SKU with a valid GTIN is named by its GS1 Digital Link; one without by an address of the merchant's own,
which only the merchant can resolve. Every event carries both times and a stable id, so that a repeat is seen as one.
"""

from .model import LotEvent, Merchant, Part, Transformation
from .translate import encode, is_gtin, to_document

__all__ = ["LotEvent", "Merchant", "Part", "Transformation", "encode", "is_gtin", "to_document"]
