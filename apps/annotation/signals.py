"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# item_id: UUID of an AnnotationItem whose answer was accepted.
item_accepted = Signal()
