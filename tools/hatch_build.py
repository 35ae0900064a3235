"""Puts the migrations and the examples into the built wheel; a development install reads them from the checkout."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DataFolders(BuildHookInterface[Any]):
    """Adds the data folders to a standard wheel only: in an editable one they would be copies that grow old."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folders, before the wheel is made."""
        if version == "standard":
            build_data["force_include"] |= {folder: f"stocktower/{folder}" for folder in ("migrations", "examples")}
