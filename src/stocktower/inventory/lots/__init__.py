"""Lots, serials, expiry and owners of stock, and the trace of a lot."""
