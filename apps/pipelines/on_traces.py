"""What pipelines adds to the page of a trace."""

import uuid
from typing import Any

from apps.accounts.models import Project
from apps.pipelines.queries.lineage import became_of


def became(project: Project, trace_id: uuid.UUID) -> dict[str, Any]:
    return {"project": project, "became": became_of(project, trace_id)}
