"""One attempt at an evaluation, in the process that its job started."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from apps.compute.domain.reporting import Reporter
from apps.evaluation.domain.request import Request
from apps.evaluation.engine.calls import Call, Scorer, open_calls, rows_of
from apps.evaluation.engine.exam import Exam, Failures, Hopeless
from apps.evaluation.models import Evaluation
from apps.serving.services import HttpClient, Upstream, UpstreamUnusable, upstream_of
from apps.serving.services.completing import Completion, complete

# Of a process that was told to stop and did: 128 + SIGTERM, as shells have it.
STOPPED = 143
PARTS = ("dataset_version__dataset", "candidate__provider", "incumbent__provider")


def run_evaluation(evaluation_id: UUID, reporter: Reporter) -> int:
    """Make the open calls and store what comes of them; the exit status. Problems are told to the reporter."""
    evaluation = Evaluation.objects.select_related(*PARTS).get(id=evaluation_id)
    calls = open_calls(evaluation)
    try:
        upstreams = upstreams_of(evaluation)
        complete = asyncio.run(_sit(evaluation, calls, upstreams, reporter))
    except (Hopeless, UpstreamUnusable) as problem:
        reporter.problem(str(problem))
        return 1
    if not complete:
        return STOPPED
    reporter.result(calls=len(calls))
    return 0


def upstreams_of(evaluation: Evaluation) -> dict[UUID, Upstream]:
    """By model; UpstreamUnusable naming the model that can't be called."""
    found = {}
    for model in evaluation.models:
        try:
            found[model.id] = upstream_of(model.provider)
        except UpstreamUnusable as error:
            raise UpstreamUnusable(f"{model} can't be called: {error}") from error
    return found


async def _sit(
    evaluation: Evaluation, calls: Sequence[Call], upstreams: dict[UUID, Upstream], reporter: Reporter
) -> bool:
    """Whether every call was made."""
    total = len(evaluation.models) * await sync_to_async(rows_of(evaluation).count)()
    known = await sync_to_async(lambda: set(evaluation.predictions.answered().values_list("model_id", flat=True)))()
    client = HttpClient()
    try:
        exam = Exam(
            calls,
            total=total,
            ask=partial(_ask, client, upstreams, Request.of_json(evaluation.request).defaults),
            save=sync_to_async(Scorer(evaluation).save),
            reporter=reporter,
            failures=Failures(known),
        )
        await exam.sit()
        return exam.complete
    finally:
        await client.aclose()


async def _ask(client: HttpClient, upstreams: dict[UUID, Upstream], defaults: dict[str, Any], call: Call) -> Completion:
    return await complete(
        upstreams[call.model.id], client, model=call.model, messages=call.messages, parameters=defaults
    )
