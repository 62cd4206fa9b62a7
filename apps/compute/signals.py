"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# job_id: UUID of a Job that succeeded, failed or was cancelled, for good.
job_ended = Signal()
