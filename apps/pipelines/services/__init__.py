"""What other apps ask of pipelines: the wheel, its turns, and examples made of traces."""

from apps.pipelines.engine.advancing import advance_turn
from apps.pipelines.engine.collecting import collect_feedback, collect_recent
from apps.pipelines.engine.promoting import promote_turn, roll_back
from apps.pipelines.services.examples import add_traces
from apps.pipelines.services.turning import start_turn
from apps.pipelines.services.wheels import change_wheel, create_wheel

__all__ = [
    "add_traces",
    "advance_turn",
    "change_wheel",
    "collect_feedback",
    "collect_recent",
    "create_wheel",
    "promote_turn",
    "roll_back",
    "start_turn",
]
