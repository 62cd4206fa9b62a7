"""Semantic hits that were answered twice: stored by the gateway, judged here, and what follows from it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.db import transaction
from psycopg import AsyncConnection

from apps.accounts.services import Actor, publish_config, record_change
from apps.caching.domain.answers import text_of
from apps.caching.domain.false_hits import Standing
from apps.caching.domain.judging import Method, by_similarity, judge_messages, read_judgement, same_json
from apps.caching.domain.ticket import Ticket
from apps.caching.engine.embedders import Embedder, EmbeddingFailed, UnknownEmbedder, embedder_for
from apps.caching.models import CachePolicy, CacheSample
from apps.caching.queries import false_hits_of
from apps.serving.models import CatalogueModel
from apps.serving.queries import callable_models_of
from apps.serving.services import HttpClient, ModelCallFailed, Upstream, UpstreamUnusable, complete, upstream_of
from llmkit import clock
from llmkit.ids import uuid7

log = logging.getLogger(__name__)

JUDGED_AT_ONCE = 100
LONGEST_TEXT = 20_000
_INSERT: Final = """
    INSERT INTO caching_cachesample (id, project_id, route, question, known, similarity, kept, fresh, method,
                                     created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', now())
"""


async def insert_sample(
    connection: AsyncConnection[Any], ticket: Ticket, known: str, similarity: float, kept: bytes, fresh: bytes
) -> None:
    """`kept` and `fresh` are chat completions; nothing is stored where one of them has no text."""
    texts = text_of(kept)[:LONGEST_TEXT], text_of(fresh)[:LONGEST_TEXT]
    if ticket.semantic is None or not all(texts):
        return
    policy = ticket.policy
    values = [uuid7(), policy.project_id, policy.route, ticket.semantic.text, known, similarity, *texts]
    await connection.execute(_INSERT, values)


def judge_samples() -> None:
    """Judge what waits, the oldest first; then switch off the semantic caches that turned out to be wrong too often."""
    pending = list(CacheSample.objects.pending().order_by("created_at")[:JUDGED_AT_ONCE])
    for project_id, route in sorted({(sample.project_id, sample.route) for sample in pending}):
        policy = CachePolicy.objects.select_related("project").filter(project_id=project_id, route=route).first()
        of_route = [sample for sample in pending if (sample.project_id, sample.route) == (project_id, route)]
        if policy is None:
            CacheSample.objects.filter(id__in=[sample.id for sample in of_route]).delete()
        elif judge_of_route(policy, of_route):
            switch_off_if_wrong(policy)


def judge_of_route(policy: CachePolicy, samples: Sequence[CacheSample]) -> bool:
    """False if that has to wait, because the route's embedder can't be had now."""
    client = HttpClient()
    try:
        asyncio.run(_judge(samples, embedder_for(policy, client), _judge_of(policy), client))
    except (EmbeddingFailed, UnknownEmbedder) as error:
        log.warning("The sampled answers of %s wait: %s", policy.route, error)
        return False
    CacheSample.objects.bulk_update(samples, ["same", "method", "judged_at"])
    return True


@transaction.atomic
def switch_off_if_wrong(policy: CachePolicy) -> bool:
    """Switch the semantic cache of a route off once its false-hit rate is above the budget for sure."""
    locked = CachePolicy.objects.select_for_update().select_related("project").get(id=policy.id)
    found = false_hits_of(locked)
    if not locked.semantic or found.standing != Standing.ABOVE:
        return False
    low, high = found.interval
    reason = (
        f"{found.false} of {found.samples} sampled hits were wrong (95 % interval {low:.1%} to {high:.1%}), "
        f"above the budget of {found.budget:.1%}."
    )
    locked.switch_semantic_off(reason=reason, at=clock.now())
    detail = {"false": found.false, "samples": found.samples, "budget": found.budget, "interval": [low, high]}
    record_change(
        actor=Actor(), action="cache.semantic_switched_off", target=locked.route, project=locked.project, detail=detail
    )
    publish_config()
    log.warning("The semantic cache of %s in %s is switched off: %s", locked.route, locked.project, reason)
    return True


class _Judge(NamedTuple):
    """A model that is asked where vectors don't tell."""

    model: CatalogueModel
    upstream: Upstream


def _judge_of(policy: CachePolicy) -> _Judge | None:
    """None where the route has none, or has one that can't be called now."""
    model = callable_models_of(policy.project).filter(name=policy.judge_model).first() if policy.judge_model else None
    try:
        return _Judge(model, upstream_of(model.provider)) if model else None
    except UpstreamUnusable as error:
        log.warning("The judge of %s cannot be called: %s", policy.route, error)
        return None


async def _judge(samples: Sequence[CacheSample], embedder: Embedder, judge: _Judge | None, client: HttpClient) -> None:
    """Set what each sample turned out to be; one that can't be told is wrong, so that doubt never counts in favour.

    EmbeddingFailed if that could not be found out now.
    """
    try:
        vectors = await embedder.embed([text for sample in samples for text in (sample.kept, sample.fresh)])
        for place, sample in enumerate(samples):
            similarity = float(vectors[2 * place] @ vectors[2 * place + 1])
            sample.same, sample.method = await _verdict(sample, similarity, judge, client)
            sample.judged_at = clock.now()
    finally:
        await client.aclose()


async def _verdict(
    sample: CacheSample, similarity: float, judge: _Judge | None, client: HttpClient
) -> tuple[bool, Method]:
    by_fields = same_json(sample.kept, sample.fresh)
    if by_fields is not None:
        return by_fields, Method.JSON
    by_vectors = by_similarity(similarity)
    if by_vectors is None and judge is not None:
        judged = await _ask(judge, sample, client)
        if judged is not None:
            return judged, Method.JUDGE
    return bool(by_vectors), Method.SIMILARITY


async def _ask(judge: _Judge, sample: CacheSample, client: HttpClient) -> bool | None:
    """None where the judge fails or says neither."""
    messages = judge_messages(sample.question, sample.kept, sample.fresh)
    try:
        answer = await complete(
            judge.upstream, client, model=judge.model, messages=messages, parameters={"temperature": 0}
        )
    except ModelCallFailed as error:
        log.warning("The judge of %s gave no answer: %s", sample.route, error)
        return None
    return read_judgement(answer.text)
