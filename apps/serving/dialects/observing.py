"""Reading along an answer that goes through as the provider wrote it, in a dialect that is not chat completions."""

from apps.serving.providers.observe import Observed
from llmkit.sse import Event


class DialectObserver(Observed):
    """Of one stream. `done`: it came to its proper end."""

    def __init__(self) -> None:
        super().__init__()
        self.done = False

    def learn(self, event: Event) -> bool:
        """Whether there was content in it. Never raises: what can't be read is `unreadable`."""
        raise NotImplementedError
