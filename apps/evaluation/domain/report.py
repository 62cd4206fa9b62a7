"""The report of an evaluation, from its rows to JSON."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from apps.evaluation.domain.comparison import compare, interval_of
from apps.evaluation.domain.scoring import Scores
from llmkit.statistics import percentile

# A dataset may tag every row with a number of its own; slices of one row say nothing.
MOST_SLICES: Final = 100
# As many as a chart can show.
MOST_DIFFERENCES: Final = 12


@dataclass(frozen=True)
class Judged:
    """How one model did on one row. latency_ms is None where the call failed."""

    scores: Scores
    latency_ms: float | None
    failed: bool


@dataclass(frozen=True)
class Row:
    """A row with what each model made of it, by the model's name."""

    tags: Sequence[str]
    judged: dict[str, Judged]


def build_report(rows: Sequence[Row], *, candidate: str, incumbent: str | None, field: str = "") -> dict[str, Any]:
    """The report as JSON; `field` is what the comparison is about, "" the whole answer.

    `{"rows": n, "field": name, "models": {model: figures}, "slices": {tag: {"rows": n, model: shares}},
    "slices_left_out": n, "comparison": figures or None, "differences": [{"kind": "answer"|"field"|"slice", "name",
    "rows", "difference", "interval"}]}`. Shares are of the rows that have the field, and None where a figure doesn't
    apply. Rows that one of the models lacks don't count.
    """
    names = [candidate] if incumbent is None else [candidate, incumbent]
    whole = [row for row in rows if all(name in row.judged for name in names)]
    tagged = _by_tag(whole)
    slices = {
        tag: {"rows": len(members)} | {name: _shares([row.judged[name] for row in members]) for name in names}
        for tag, members in tagged[:MOST_SLICES]
    }
    comparison, differences = None, []
    if incumbent is not None:
        pair = Pair(candidate, incumbent)
        comparison = compare(pair.outcomes(whole, field), field).as_json()
        differences = _differences(whole, tagged, pair, field)
    return {
        "rows": len(whole),
        "field": field,
        "models": {name: _figures([row.judged[name] for row in whole]) for name in names},
        "slices": slices,
        "slices_left_out": max(0, len(tagged) - MOST_SLICES),
        "comparison": comparison,
        "differences": differences,
    }


@dataclass(frozen=True)
class Pair:
    """The names of the two models that are compared."""

    candidate: str
    incumbent: str

    def outcomes(self, rows: Iterable[Row], field: str) -> Iterable[tuple[bool, bool]]:
        """Whether each was right, for the rows that have the field."""
        for row in rows:
            ours, theirs = (row.judged[name].scores.correct(field) for name in (self.candidate, self.incumbent))
            if ours is not None and theirs is not None:
                yield ours, theirs


def _differences(
    rows: Sequence[Row], tagged: Sequence[tuple[str, Sequence[Row]]], pair: Pair, field: str
) -> list[dict[str, Any]]:
    """Of the whole answer and every field, and on the compared field of the most frequent tags."""
    fields = dict.fromkeys(name for row in rows for name in row.judged[pair.candidate].scores.fields)
    wanted = [("answer", "", rows, "")]
    wanted += [("field", name, rows, name) for name in list(fields)[:MOST_DIFFERENCES]]
    wanted += [("slice", tag, members, field) for tag, members in tagged[:MOST_DIFFERENCES]]
    return [{"kind": kind, "name": name} | _difference(pair.outcomes(of, on)) for kind, name, of, on in wanted]


def _difference(outcomes: Iterable[tuple[bool, bool]]) -> dict[str, Any]:
    counts = Counter(outcomes)
    better, worse, rows = counts[True, False], counts[False, True], counts.total()
    low, high = interval_of(better, worse, equal=rows - better - worse)
    return {"rows": rows, "difference": (better - worse) / rows if rows else 0.0, "interval": [low, high]}


def _figures(judged: Sequence[Judged]) -> dict[str, Any]:
    latencies = [each.latency_ms for each in judged if each.latency_ms is not None and not each.failed]
    similarities: defaultdict[str, list[float]] = defaultdict(list)
    for each in judged:
        for name, value in each.scores.similarity.items():
            similarities[name].append(value)
    validity = [each.scores.json_valid for each in judged if each.scores.json_valid is not None]
    return {
        "rows": len(judged),
        "json_valid": _share(validity),
        **_shares(judged),
        "similarity": {name: fmean(values) for name, values in similarities.items()},
        "latency_ms": {f"p{p}": percentile(latencies, p) if latencies else None for p in (50, 95)},
        "errors": sum(each.failed for each in judged),
    }


def _shares(judged: Sequence[Judged]) -> dict[str, Any]:
    fields: defaultdict[str, list[bool]] = defaultdict(list)
    for each in judged:
        for name, right in each.scores.fields.items():
            fields[name].append(right)
    return {
        "exact": _share([each.scores.exact for each in judged]),
        "fields": {name: _share(rights) for name, rights in fields.items()},
    }


def _share(rights: Sequence[bool]) -> float | None:
    return sum(rights) / len(rights) if rights else None


def _by_tag(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The tags with their rows, most frequent first."""
    tagged: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for tag in dict.fromkeys(row.tags):
            tagged[tag].append(row)
    return sorted(tagged.items(), key=lambda each: (-len(each[1]), each[0]))
