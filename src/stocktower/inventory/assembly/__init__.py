"""Assembled SKUs made of their materials."""
