"""How much feedback is taken in at once: a public key is in every page of a product, so anyone can use it."""

from asgiref.sync import sync_to_async

from apps.accounts.services.limits import Limit, TooManyAttempts, count_attempt
from llmkit import clock

PER_ADDRESS = Limit("feedback-address", most=60, window_s=60)
# Each that waits for its trace holds a database connection meanwhile; those beyond don't wait.
WAITING_AT_ONCE = 16


async def within_limit(key_id: str, address: str) -> bool:
    """Whether this address may send one more this minute. With Redis away the answer is yes: feedback is not lost."""
    try:
        await sync_to_async(count_attempt)(PER_ADDRESS, f"{key_id} {address}", at=clock.now())
    except TooManyAttempts:
        return False
    return True


class WaitingRoom:
    """Counts who waits in this process. `enter` says whether there was room; who entered has to `leave`."""

    def __init__(self, places: int = WAITING_AT_ONCE) -> None:
        self.free = places

    def enter(self) -> bool:
        if self.free < 1:
            return False
        self.free -= 1
        return True

    def leave(self) -> None:
        self.free += 1
