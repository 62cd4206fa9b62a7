"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# feedback_id: UUID of a Feedback that was given or changed.
feedback_given = Signal()
