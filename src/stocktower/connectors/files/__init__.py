"""Reads the files that merchants export and import: orders of Shopify and Amazon, and plain CSV of everything.

A file is surveyed once and then read once, never held in memory. Every data row belongs to exactly one reading: a
canonical document, or a kept row with its line, column, problem and fix. An order with one unreadable row is kept
whole, because to ship a part of it would be wrong. What the formats leave open is decided by stated rules (at the
head of each module) and never guessed; what was assumed stands in the notes of the import.
"""

from .model import FileError, Reading, Source
from .reader import FORMATS, KINDS, Reader
from .service import OnKept, OnProgress, RowsLost, import_file

__all__ = [
    "FORMATS",
    "KINDS",
    "FileError",
    "OnKept",
    "OnProgress",
    "Reader",
    "Reading",
    "RowsLost",
    "Source",
    "import_file",
]
