"""Available-to-sell of any SKU and channel, now and as of a past instant."""
