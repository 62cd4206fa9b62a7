from apps.pipelines.views.examples import add_traces
from apps.pipelines.views.lineage import lineage
from apps.pipelines.views.turns import promote, rollback, start, turn
from apps.pipelines.views.wheels import change, new, wheel, wheels

__all__ = [
    "add_traces",
    "change",
    "lineage",
    "new",
    "promote",
    "rollback",
    "start",
    "turn",
    "wheel",
    "wheels",
]
