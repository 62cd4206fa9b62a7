"""The messages of a chat request, put together from what other dialects write."""

from typing import Any

Part = dict[str, Any]


def text_part(text: str, mark: Any = None) -> Part:
    return _marked({"type": "text", "text": text}, mark)


def image_part(url: str, mark: Any = None, detail: str | None = None) -> Part:
    """`url` may be a data URL; `mark` is a cache_control."""
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return _marked({"type": "image_url", "image_url": image}, mark)


def file_part(data: str, name: str | None = None, mark: Any = None) -> Part:
    """`data`: a data URL, or the address of the file for providers that fetch it."""
    file = {"file_data": data} if name is None else {"file_data": data, "filename": name}
    return _marked({"type": "file", "file": file}, mark)


def data_url(media_type: str, data: str) -> str:
    return f"data:{media_type};base64,{data}"


def content(parts: list[Part]) -> str | list[Part]:
    """The simplest way to write them: not every server takes a list where a text will do."""
    if not parts:
        return ""
    only = parts[0]
    plain = len(parts) == 1 and only["type"] == "text" and "cache_control" not in only
    return only["text"] if plain else parts


class Turns:
    """Messages in the order that every provider takes: all the results of a turn's tool calls right behind it.

    Results are text in chat completions: what else came with them follows in the user's name.
    """

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._attached: list[Part] = []

    def add(self, message: dict[str, Any]) -> None:
        self._attach()
        self._messages.append(message)

    def user(self, parts: list[Part]) -> None:
        self._attached += parts
        self._attach()

    def result(self, call_id: str, parts: list[Part], *, failed: bool = False) -> None:
        texts = [part for part in parts if part["type"] == "text"]
        media = [part for part in parts if part["type"] != "text"]
        if failed:
            _mark_failed(texts)
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": content(texts)})
        if media:
            self._attached += [text_part(f"This came with the result of {call_id}:"), *media]

    def messages(self) -> list[dict[str, Any]]:
        self._attach()
        return self._messages

    def _attach(self) -> None:
        if self._attached:
            self._messages.append({"role": "user", "content": content(self._attached)})
            self._attached = []


def _mark_failed(texts: list[Part]) -> None:
    """A chat completion's tool message has no other place that says so."""
    if not texts:
        texts.append(text_part("Error"))
    elif not texts[0]["text"].lstrip().lower().startswith("error"):
        texts[0] = {**texts[0], "text": f"Error: {texts[0]['text']}"}


def _marked(part: Part, mark: Any) -> Part:
    if mark is not None:
        part["cache_control"] = mark
    return part
