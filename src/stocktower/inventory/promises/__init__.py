"""Holds with their expiry, and what can be promised by which date."""
