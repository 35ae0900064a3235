"""Transfers between sites, with what is in transit and what went missing."""
