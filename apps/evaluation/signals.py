"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# evaluation_id: UUID of an Evaluation whose job ended, with success or without.
evaluation_ended = Signal()
