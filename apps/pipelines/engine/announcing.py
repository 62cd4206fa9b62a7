"""News of a turn, once it is committed."""

from django.db import transaction

from apps.pipelines.models import Turn
from apps.pipelines.signals import turn_changed


def announce(turn: Turn) -> None:
    transaction.on_commit(lambda: turn_changed.send(sender=Turn, turn_id=turn.id))
