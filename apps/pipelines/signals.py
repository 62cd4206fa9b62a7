"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# turn_id: UUID of a Turn whose state changed.
turn_changed = Signal()
