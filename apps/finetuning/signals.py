"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# run_id: UUID of a FinetuneRun whose job ended, with success or without.
run_ended = Signal()
