"""Where the units of stock rows lie inside sites that keep bins: read, and written with their rows."""
