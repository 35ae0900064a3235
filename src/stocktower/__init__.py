"""Stocktower: order management and inventory for merchants who sell everywhere."""

__version__ = "0.1.0"
