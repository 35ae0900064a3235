"""Which lots are in which by assembly, and the recall of a lot with what was made of it."""
