"""Greedy answers of a model folder to single customer messages, many at a time."""

from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from apps.serving.domain.harbor_desk import SYSTEM_PROMPT

MODEL_FOLDER: Final = Path(__file__).with_name("model")
LONGEST_ANSWER: Final = 64
"""tokens; the longest answer of the shop takes about 40"""


def load(folder: Path = MODEL_FOLDER) -> tuple[Any, Any]:
    """(model in float32, tokenizer) from a folder on this machine; nothing is fetched."""
    transformers_logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return model.eval(), tokenizer


@torch.inference_mode()
def answers(model: Any, tokenizer: Any, messages: list[str], *, batch: int = 64) -> list[str]:
    """The model's answer to each message, by free greedy generation through the chat template."""
    order = sorted(range(len(messages)), key=lambda index: len(messages[index]))
    found: dict[int, str] = {}
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        chats = [
            [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": messages[index]}]
            for index in chosen
        ]
        inputs = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        output = model.generate(**inputs, do_sample=False, max_new_tokens=LONGEST_ANSWER)
        new = output[:, inputs["input_ids"].shape[1] :]
        found.update(zip(chosen, tokenizer.batch_decode(new, skip_special_tokens=True), strict=True))
    return [found[index] for index in range(len(messages))]
