"""The broker's message that there is work in a pool: a doorbell, which may be lost or rung twice without harm."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from apps.compute.models import Pool

log = logging.getLogger(__name__)
TASK = "compute.run_jobs"


def ring(pool: Pool) -> None:
    """Tell a worker of the pool that a job waits. While the broker is away, `reconcile` rings again later."""
    try:
        current_app.send_task(TASK, kwargs={"pool": pool.name}, queue=pool.queue)
    except (OperationalError, OSError) as error:
        log.warning("The broker is away; the jobs of the pool %s wait until it is back. (%s)", pool, error)


def is_ringing(pool: Pool) -> bool:
    """Whether a message lies in the pool's queue that no worker has taken yet."""
    with current_app.connection_for_read() as connection:
        return bool(connection.default_channel.client.llen(pool.queue))
