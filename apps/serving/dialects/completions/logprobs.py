"""Log probabilities as legacy completions list them: side by side instead of token by token."""

from typing import Any

from apps.serving.dialects.chat.logprobs import read_logprobs


def legacy_logprobs(found: Any, start: int) -> tuple[dict[str, Any] | None, int]:
    """From a choice's "logprobs", None if there are none; and where the next token begins.

    `start`: the first token's distance in characters from the beginning of the prompt.
    """
    tokens = read_logprobs(found)
    if not tokens:
        return None, start
    offsets = []
    for token in tokens:
        offsets.append(start)
        start += len(token.token)
    listed = {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{top.token: top.logprob for top in token.top_logprobs or ()} for token in tokens],
        "text_offset": offsets,
    }
    return listed, start
