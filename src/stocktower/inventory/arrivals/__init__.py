"""Inbound recorded and received, with over and short."""
