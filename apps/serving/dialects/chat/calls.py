"""Which tool call a fragment belongs to, also where a provider numbers them wrongly."""

from apps.serving.dialects.chat.schema import Call


class CallNumbers:
    """Of one stream: the calls are numbered in the order of their first fragments."""

    def __init__(self) -> None:
        self._ids: list[str | None] = []
        self._by_index: dict[int | None, int] = {}

    def place(self, call: Call) -> tuple[int, bool]:
        """The call's number, and whether this is its first fragment.

        An index that is missing, or used again with another id, is no reason to mix two calls up.
        """
        number = self._by_index.get(call.index)
        if number is None or (call.id and self._ids[number] and call.id != self._ids[number]):
            number = self._known(call)
        first = number == len(self._ids)
        if first:
            self._ids.append(call.id)
        self._by_index[call.index] = number
        return number, first

    def _known(self, call: Call) -> int:
        return self._ids.index(call.id) if call.id and call.id in self._ids else len(self._ids)
