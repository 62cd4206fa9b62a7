"""The floors of the map, read from the import contracts, so that there is one list only."""

import configparser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {"services", "queries", "models", "signals", "domain"}


def floors() -> dict[str, int]:
    """Package name → floor; higher numbers stand above lower ones."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    rows = contracts["importlinter:contract:map"]["layers"].split("\n")
    return {
        name.strip().strip("()"): -depth for depth, row in enumerate(rows) for name in row.split("|") if name.strip()
    }
