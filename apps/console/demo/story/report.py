"""What the story says at its end."""

from typing import Any

from apps.console.demo.story.script import Story
from apps.pipelines.domain.gate import percent
from apps.pipelines.models import Turn


def figures_of(story: Story, turn: Turn) -> dict[str, Any]:
    """The JSON of `--json`: what the story is judged by at the top, the rest under `figures`."""
    decision, report = turn.decision or {}, (turn.evaluation.report if turn.evaluation else None) or {}
    candidate = turn.run.name if turn.run else ""
    return {
        "promoted": turn.state == Turn.State.PROMOTED,
        "accuracy_before": decision.get("accuracy_before"),
        "accuracy_after": decision.get("accuracy_after"),
        "gain_interval": decision.get("interval"),
        "labels": story.labels,
        "seconds": round(sum(story.seconds.values()), 1),
        "reasons": [reason["text"] for reason in decision.get("reasons", []) if not reason["held"]],
        "ratios": {},
        "figures": {
            "seconds": story.seconds | job_seconds(turn),
            "agreement": story.alpha,
            "training_rows": turn.dataset_version.splits,
            "slices": slices_of(report, candidate, turn.incumbent.model.name),
            "p_value": report.get("comparison", {}).get("p_value"),
        },
        "machine": {},
    }


def job_seconds(turn: Turn) -> dict[str, float]:
    jobs = {"finetuning": turn.run and turn.run.job, "evaluation": turn.evaluation and turn.evaluation.job}
    return {
        name: round((job.finished_at - job.started_at).total_seconds(), 1)
        for name, job in jobs.items()
        if job and job.started_at and job.finished_at
    }


def slices_of(report: dict[str, Any], candidate: str, incumbent: str) -> dict[str, Any]:
    return {
        tag: {
            "rows": figures["rows"],
            "before": figures[incumbent]["fields"]["intent"],
            "after": figures[candidate]["fields"]["intent"],
        }
        for tag, figures in report.get("slices", {}).items()
    }


def table_of(figures: dict[str, Any]) -> list[str]:
    low, high = figures["gain_interval"]
    lines = [
        f"labels given            {figures['labels']}",
        f"agreement (alpha)       {words(figures['figures']['agreement'])}",
        f"rows to learn from      {words(figures['figures']['training_rows'])}",
        f"intent right, exam      {percent(figures['accuracy_before'])} → {percent(figures['accuracy_after'])}",
        f"difference, interval    {percent(low, sign=True)} to {percent(high, sign=True)}",
    ]
    for tag, each in figures["figures"]["slices"].items():
        lines.append(f"  {tag:<20}  {percent(each['before'])} → {percent(each['after'])}  ({each['rows']} questions)")
    lines += [f"seconds, {title:<14} {seconds}" for title, seconds in figures["figures"]["seconds"].items()]
    lines.append(f"promoted                {'yes' if figures['promoted'] else 'no'}")
    return lines + [f"  because: {reason}" for reason in figures["reasons"]]


def words(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )
