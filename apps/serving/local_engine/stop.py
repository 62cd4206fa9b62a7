"""Stop strings that may straddle any number of pieces of text."""

from collections.abc import Sequence


class StopMatcher:
    """Passes text on until one of `stops` is complete; never lets out a part of one.

    The stop string that is complete first wins, so the outcome does not depend on how the text was cut.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        if "" in stops:
            raise ValueError("An empty stop string would stop before the first character.")
        self._stops = tuple(stops)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """The text that may be shown now; empty once `stopped`."""
        if self.stopped or not self._stops:
            return "" if self.stopped else text
        self._held += text
        start = self._first_match()
        if start is not None:
            shown, self._held, self.stopped = self._held[:start], "", True
            return shown
        keep = self._possible_beginning()
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return shown

    def flush(self) -> str:
        """What was held back, once nothing more can follow."""
        held, self._held = self._held, ""
        return held

    def _first_match(self) -> int | None:
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        return min(found)[1] if found else None

    def _possible_beginning(self) -> int:
        """Length of the longest ending of the held text that a stop string may begin with."""
        longest = max(len(stop) for stop in self._stops) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            ending = self._held[-length:]
            if any(stop.startswith(ending) for stop in self._stops):
                return length
        return 0
