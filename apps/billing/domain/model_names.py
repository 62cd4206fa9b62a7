"""One name for a model that callers, catalogue and invoice each call by another."""

from collections.abc import Mapping

UNNAMED = "(no model named)"
# What providers put between a model and its date or variant: gpt-4o-2024-08-06, claude-sonnet-4@20250514.
_MARKS = "-@:_ "


class ModelNames:
    """upstream: name that callers say -> what the provider calls that model."""

    def __init__(self, upstream: Mapping[str, str]) -> None:
        self._of_callers = dict(upstream)
        self._known = {name.lower(): name for name in upstream.values()}
        self._known |= {said.lower(): name for said, name in upstream.items() if said.lower() not in self._known}

    def of_ledger(self, said: str) -> str:
        return self._of_callers.get(said, said) or UNNAMED

    def of_invoice(self, name: str) -> str:
        """The provider's name in the catalogue, if `name` is it or it with a date or variant behind; else `name`."""
        # Bedrock and gateways put the maker before the model: anthropic/claude-…
        for low in (name.lower(), name.lower().rpartition("/")[2]):
            if low in self._known:
                return self._known[low]
            begins = [
                known for known in self._known if low.startswith(known) and low[len(known) : len(known) + 1] in _MARKS
            ]
            if begins and low:
                return self._known[max(begins, key=len)]
        return name or UNNAMED
