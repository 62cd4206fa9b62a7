"""News for the floors above; receivers get ids only, after the change is committed."""

from django.dispatch import Signal

# version_id: UUID of a DatasetVersion that was made.
version_made = Signal()
