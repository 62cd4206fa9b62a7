"""The budget for sizes: printed always, enforced at the hard stops and at the medians."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.floors import ROOT

SOURCES = [
    path
    for folder in ("platform", "apps")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(paths: list[Path]) -> Iterator[tuple[str, int]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def share_within(values: list[int], limit: int) -> float:
    return sum(value <= limit for value in values) / len(values)


def too_long(found: Iterator[tuple[str, int]], limit: int) -> list[str]:
    return [f"{name}: {length} lines" for name, length in found if length > limit]


def test_files_stay_small() -> None:
    sizes = [lines_of(path) for path in SOURCES if lines_of(path)]
    figures = f"files: {len(sizes)}, median {statistics.median(sizes)}, longest {max(sizes)}"
    print(figures)
    assert [f"{path.relative_to(ROOT)}: {lines_of(path)}" for path in SOURCES if lines_of(path) > 500] == []
    assert statistics.median(sizes) <= 100, figures
    assert share_within(sizes, 250) >= 0.9, figures


def test_functions_stay_small() -> None:
    lengths = [length for _, length in functions(SOURCES)]
    figures = f"functions: {len(lengths)}, median {statistics.median(lengths)}, longest {max(lengths)}"
    print(figures)
    assert too_long(functions(SOURCES), 60) == []
    assert statistics.median(lengths) <= 8, figures
    assert share_within(lengths, 30) >= 0.9, figures


def test_views_parse_call_and_render_and_do_no_more() -> None:
    views = [path for path in SOURCES if path.name == "views.py" or "views" in path.parts]
    assert too_long(functions(views), 25) == []


def test_tasks_are_doors() -> None:
    tasks = [path for path in SOURCES if path.name == "tasks.py"]
    assert too_long(functions(tasks), 8) == []


def test_templates_stay_small() -> None:
    assert [f"{path.relative_to(ROOT)}: {lines_of(path)}" for path in TEMPLATES if lines_of(path) > 150] == []
