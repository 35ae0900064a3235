"""Adjustments by governed reason, with a second person where the value asks for one."""
