"""What the lab's provider answers, which the cases compare with what came through."""

# Two, three and four bytes of UTF-8, so that every way of cutting it hurts.
GREETING = ("Ahoy ", "über ", "海 ", "⚓🛟 ")
ARGUMENTS = '{"port": "Göteborg", "note": "quotes \\" and \\u00e9", "knots": 12.50}'
REASONING = ("First the tide, ", "then the wind ⚑.")
REFUSAL = "The lab refuses to say."
SIGNATURE = "EqQBCkYIBxgCKkBsYWIrc2lnbmF0dXJlL3dpdGg9cGFkZGluZw=="
UNKNOWN = {"lab_extra": {"kept": [1, "zwei", None]}}


def pieces_of(nonce: str, words: int = 0) -> list[str]:
    """The answer in the pieces in which it is streamed; `words` adds as many more."""
    return [*GREETING, nonce, *(f" w{number}" for number in range(words))]


def answer_of(nonce: str, words: int = 0) -> str:
    return "".join(pieces_of(nonce, words))


def arguments_of(number: int) -> str:
    """The arguments of the tool call with this number, as text: gateways must not write them anew."""
    return ARGUMENTS.replace("12.50", f"{number + 1}2.50")


def cut(text: str, length: int = 7) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]
