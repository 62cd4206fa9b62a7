"""From conversations to tokens: the loss counts the last answer only, as serving will have to say it."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from datasets import Dataset

from apps.finetuning.trainer.problems import TrainerProblem

# What the loss function leaves out.
IGNORED: Final = -100


def read_rows(path: Path, *, tokenizer: Any, system_prompt: str, max_length: int) -> Dataset:
    """input_ids and labels of every row of a JSON-lines file; TrainerProblem names the line that does not fit."""
    ids, labels = [], []
    for number, messages in _conversations(path):
        row = _tokens(tokenizer, with_system_prompt(messages, system_prompt), f"{path.name} line {number}")
        if len(row[0]) > max_length:
            raise TrainerProblem(
                f"{path.name} line {number} has {len(row[0]):,} tokens, and at most {max_length:,} fit. "
                "Raise max_length in the recipe if the base allows it, or shorten the conversation."
            )
        ids.append(row[0])
        labels.append(row[1])
    return Dataset.from_dict({"input_ids": ids, "labels": labels})


def common_beginning(rows: Dataset) -> int:
    """How many tokens all rows begin with, such as a system prompt."""
    ids = rows["input_ids"]
    # What the first and the last in order share, all between them share too.
    pairs = zip(min(ids), max(ids), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def with_system_prompt(messages: list[dict[str, Any]], prompt: str) -> list[dict[str, Any]]:
    """Training sees what serving sees: a conversation without a system message gets the route's."""
    if not prompt or any(message.get("role") in {"system", "developer"} for message in messages):
        return messages
    return [{"role": "system", "content": prompt}, *messages]


def _conversations(path: Path) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                messages = json.loads(line)["messages"]
                answered = messages[-1]["role"] == "assistant" and len(messages) > 1
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise TrainerProblem(f"{path.name} line {number} is no conversation.") from error
            if not answered:
                raise TrainerProblem(f"{path.name} line {number} does not end with an answer of the assistant.")
            yield number, messages


def _tokens(tokenizer: Any, messages: list[dict[str, Any]], where: str) -> tuple[list[int], list[int]]:
    try:
        prompt = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=False)
        whole = tokenizer.apply_chat_template(messages, return_dict=False)
    except Exception as error:  # templates raise whatever they like
        raise TrainerProblem(f"{where}: the base's chat template refuses this conversation: {error}") from error
    if whole[: len(prompt)] != prompt or len(whole) == len(prompt):
        raise TrainerProblem(
            f"{where}: with the base's chat template, the answer does not simply follow the question, "
            "so it cannot be told which part is to be learnt."
        )
    return whole, [IGNORED] * len(prompt) + whole[len(prompt) :]
