"""Stock rows with their ledgers of moves and reservations: read, written, replayed and proved."""
