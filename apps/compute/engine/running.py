"""A worker's turn at the door: every job that waits in its pool, one after the other."""

from apps.compute.engine import workers
from apps.compute.engine.claiming import claim_next
from apps.compute.engine.supervisor import Supervisor
from apps.compute.models import Pool


def run_waiting(pool_name: str) -> int:
    """How many attempts were made; 0 for a doorbell behind which nothing waits (any more)."""
    pool = Pool.objects.filter(name=pool_name).first()
    if pool is None:
        return 0
    made = 0
    while not workers.STOPPING.is_set():
        attempt = claim_next(pool=pool, worker=workers.current(pool))
        if attempt is None:
            break
        Supervisor(attempt, workers.STOPPING).run()
        made += 1
    return made
