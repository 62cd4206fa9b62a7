"""Messages to token ids and back, by the folder's own tokenizer and chat template."""

import copy
import threading
from collections.abc import Sequence
from typing import Any

import jinja2

from apps.serving.local_engine.problems import wrong_field


class LoadProblem(RuntimeError):
    """The folder is there, but no chat model can be made of it; the message says why."""


class ChatText:
    """A tokenizer that several threads may use."""

    def __init__(self, tokenizer: Any) -> None:
        if not tokenizer.chat_template:
            raise LoadProblem("The folder has no chat template (chat_template.jinja), so it serves no chat.")
        if not getattr(tokenizer, "backend_tokenizer", None):
            raise LoadProblem("The folder's tokenizer cannot be read as a fast tokenizer (tokenizer.json).")
        self._tokenizer = tokenizer
        # Encoding changes settings of the tokenizer, so it goes one at a time; decoding has a copy of its own.
        self._encoding = threading.Lock()
        self._decoder = copy.deepcopy(tokenizer.backend_tokenizer)

    def encode(self, turns: list[dict[str, str]]) -> list[int]:
        """The prompt's ids; control tokens that a user typed stay ordinary text."""
        with self._encoding:
            try:
                ids: list[int] = self._tokenizer.apply_chat_template(
                    turns, add_generation_prompt=True, return_dict=False, sanitize_control_tokens=True
                )
            except jinja2.TemplateError as error:
                raise wrong_field("messages", f"messages: the model's chat template refuses them: {error}") from error
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids` without control tokens."""
        text: str = self._decoder.decode(list(ids), skip_special_tokens=True)
        return text
