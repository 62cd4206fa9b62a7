"""What a wheel waits for."""

import pytest

from apps.pipelines.domain.next_step import Act, Waiting, next_step


@pytest.mark.parametrize(
    ("waiting", "act"),
    [
        (Waiting(0, 0, 0), Act.WAIT),
        (Waiting(5, 0, 0), Act.ANNOTATE),
        (Waiting(5, 0, 4), Act.ANNOTATE),
        (Waiting(5, 0, 5), Act.START),
        (Waiting(0, 0, 1), Act.START),
        (Waiting(5, 1, 9), Act.DECIDE),
        # A turn that is not settled comes before the queue.
        (Waiting(5, 1, 9, "training"), Act.WATCH),
        (Waiting(5, 1, 9, "evaluating"), Act.WATCH),
        (Waiting(5, 1, 9, "passed"), Act.PROMOTE),
        (Waiting(5, 1, 9, "failed"), Act.MEND),
        *((Waiting(0, 0, 9, state), Act.START) for state in ("promoted", "refused", "rolled_back")),
    ],
)
def test_the_next_step_follows_from_the_newest_turn_and_then_from_the_queue(waiting, act):
    assert next_step(waiting) == act
