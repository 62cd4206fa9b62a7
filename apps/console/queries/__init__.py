"""What the console's pages read."""

from apps.console.queries.finding import Entry, Group, find
from apps.console.queries.frame import (
    ProjectChoice,
    RailItem,
    RailSection,
    address,
    dock_items,
    project_choices,
    rail_sections,
)

__all__ = [
    "Entry",
    "Group",
    "ProjectChoice",
    "RailItem",
    "RailSection",
    "address",
    "dock_items",
    "find",
    "project_choices",
    "rail_sections",
]
