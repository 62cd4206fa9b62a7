"""How often the demo model is right on one half of the Harbor Desk utterances.

    python -m apps.serving.tiny.evaluate [--model DIR] [--split test|train] [--json PATH]

Free greedy generation through the chat template; an intent counts as right only where the answer is valid JSON.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from apps.serving.domain import harbor_desk
from apps.serving.tiny.answering import MODEL_FOLDER, answers, load


@dataclass(frozen=True)
class Verdict:
    """One answer against the truth."""

    utterance: str
    truth: str
    answer: str
    valid: bool
    intent_right: bool
    exact: bool


@dataclass(frozen=True)
class Shares:
    """Of `count` answers: shares from 0 to 1."""

    count: int
    intent: float
    exact: float
    valid_json: float


def judge(utterance: str, answer: str) -> Verdict:
    truth = harbor_desk.truth(utterance)
    try:
        said: Any = json.loads(answer)
    except ValueError:
        said = None
    valid = isinstance(said, dict) and set(said) == {"intent", "reply"}
    return Verdict(
        utterance=utterance,
        truth=truth,
        answer=answer,
        valid=valid,
        intent_right=valid and said["intent"] == truth,
        exact=answer == harbor_desk.expected_answer(truth),
    )


def shares(verdicts: Iterable[Verdict]) -> Shares:
    judged = list(verdicts)
    count = len(judged)
    return Shares(
        count=count,
        intent=sum(verdict.intent_right for verdict in judged) / count,
        exact=sum(verdict.exact for verdict in judged) / count,
        valid_json=sum(verdict.valid for verdict in judged) / count,
    )


def evaluate(model: Any, tokenizer: Any, split: harbor_desk.Split = "test") -> list[Verdict]:
    """Verdicts on every utterance of one half, the new intents included."""
    asked = [text for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, split)]
    return [judge(text, answer) for text, answer in zip(asked, answers(model, tokenizer, asked), strict=True)]


def report(verdicts: list[Verdict]) -> dict[str, Any]:
    """Shares for the known intents, the new ones, and each intent."""
    return {
        "known": asdict(shares(v for v in verdicts if v.truth in harbor_desk.KNOWN_INTENTS)),
        "new": asdict(shares(v for v in verdicts if v.truth in harbor_desk.NEW_INTENTS)),
        "intents": {intent: asdict(shares(v for v in verdicts if v.truth == intent)) for intent in harbor_desk.INTENTS},
    }


def print_report(figures: dict[str, Any]) -> None:
    print(f"{'':<22}{'count':>6}{'intent':>8}{'exact':>8}{'JSON':>8}")
    for name, row in [*figures["intents"].items(), ("all known", figures["known"]), ("all new", figures["new"])]:
        print(f"{name:<22}{row['count']:>6}{row['intent']:>8.1%}{row['exact']:>8.1%}{row['valid_json']:>8.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Accuracy of the demo model on held-back utterances.")
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER, metavar="DIR")
    parser.add_argument("--split", choices=("test", "train"), default="test")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures and every answer there")
    options = parser.parse_args()
    verdicts = evaluate(*load(options.model), options.split)
    figures = report(verdicts)
    print_report(figures)
    if options.json:
        figures["answers"] = [asdict(verdict) for verdict in verdicts]
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
