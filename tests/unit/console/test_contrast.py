"""Contrast of the colour tokens by the formula of WCAG 2.2 (relative luminance of sRGB)."""

import re
from itertools import product

import pytest

from tests.architecture.floors import ROOT

TOKEN = re.compile(r"--([\w-]+):\s*(?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));")
SURFACES = ("paper", "surface", "sunk")
INKS = ("ink", "ink-2", "ink-3")
MEANINGS = ("accent", "ok", "warn", "bad", "info")

TEXT_PAIRS = [
    *product(INKS, SURFACES),
    *product(MEANINGS, SURFACES),
    *((meaning, f"{meaning}-soft") for meaning in MEANINGS),
    *product(("ink", "ink-2"), (f"{meaning}-soft" for meaning in MEANINGS)),
    ("ink-3", "info-soft"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-strong"),
    ("on-bad", "bad"),
    ("paper", "ink"),
]
SHAPE_PAIRS = [
    *product(("control", "accent", "accent-fill"), SURFACES[:2]),
    *product((f"series-{number}" for number in range(1, 7)), ("surface",)),
]


def tokens(theme: str) -> dict[str, str]:
    found = {}
    for name, light, dark, both in TOKEN.findall((ROOT / "static/css/tokens.css").read_text()):
        found[name] = both or (light if theme == "light" else dark)
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_gives_the_published_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reaches_four_and_a_half_to_one_on_every_ground_it_stands_on(theme: str) -> None:
    colours = tokens(theme)
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXT_PAIRS}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_lines_of_charts_reach_three_to_one(theme: str) -> None:
    colours = tokens(theme)
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in SHAPE_PAIRS}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 3} == {}


def test_every_token_that_a_rule_uses_exists() -> None:
    sheets = "\n".join(path.read_text() for path in sorted((ROOT / "static/css").glob("*.css")))
    named = set(re.findall(r"^\s*--([\w-]+):", sheets, re.MULTILINE))
    assert set(re.findall(r"var\(--([\w-]+)", sheets)) - named == set()
