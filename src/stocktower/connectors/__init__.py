"""Connectors translate between outside systems and the canonical documents, one folder for each; they never decide."""
