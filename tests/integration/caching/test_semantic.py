"""Answers of similar questions in a real Postgres."""

import asyncio
import logging
from datetime import timedelta

import pytest
from django.db import connection

from apps.caching.domain.ticket import open_ticket
from apps.caching.engine.semantic import Embedded, SemanticCache
from apps.caching.models import SemanticEntry
from apps.serving.embedding import HashingEmbedder
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.caching import make_answer, make_asked, make_known, make_policy, say

pytestmark = pytest.mark.django_db(transaction=True)
EMBEDDER = HashingEmbedder()
FILTER = "How do I clean the filter?"
FILTERS = "how do i clean the filters please"


@pytest.fixture
def policy():
    return make_policy(project_id=str(make_project().id), semantic=True, threshold=0.7)


def ticket_of(policy, text=FILTER, **asked):
    ticket = open_ticket(make_known(policy), make_asked(say(text), **asked))
    assert ticket is not None
    return ticket


def embedded(text: str, name: str = EMBEDDER.name) -> Embedded:
    return Embedded(EMBEDDER.vectors([text])[0], name)


def with_cache(work):
    async def whole():
        cache = SemanticCache()
        await cache.start()
        try:
            return await work(cache)
        finally:
            await cache.aclose()

    return asyncio.run(whole())


def keep(policy, text=FILTER, answer=None, **asked):
    return with_cache(
        lambda cache: cache.put(ticket_of(policy, text, **asked), embedded(text), answer or make_answer())
    )


def find(policy, text=FILTERS, **asked):
    return with_cache(lambda cache: cache.nearest(ticket_of(policy, text, **asked), embedded(text)))


def test_a_similar_question_gets_the_kept_answer(policy):
    answer = make_answer("With warm water." * 100)
    assert keep(policy, answer=answer)
    near = find(policy)
    assert (near.question, near.answer) == (FILTER, answer)
    assert 0.7 <= near.similarity < 1


def test_below_the_threshold_nothing_is_near(policy):
    keep(policy)
    strict = make_policy(**{name: getattr(policy, name) for name in policy.__struct_fields__} | {"threshold": 0.99})
    assert find(strict) is None


def test_the_guard_refuses_what_the_vector_would_take(policy):
    keep(policy, "How do I enable the filter alarm on 2 pumps?")
    for text in ("How do I disable the filter alarm on 2 pumps?", "How do I enable the filter alarm on 3 pumps?"):
        assert find(policy, text) is None
    assert find(policy, "how do i enable the filter alarm on two pumps") is not None


def test_a_refused_neighbour_makes_way_for_the_next(policy):
    keep(policy, "How do I clean the filter of pump 1?", make_answer("One."))
    keep(policy, "How do I clean the filter of the pump 2?", make_answer("Two."))
    near = find(policy, "How do I clean the filter of pump 2?")
    assert near.question == "How do I clean the filter of the pump 2?"


@pytest.mark.parametrize(
    "asked",
    [
        {"user": "bob"},
        {"answers_as": "v4"},
        {"max_tokens": 3},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_callers_versions_and_parameters_are_apart(policy, asked):
    keep(policy)
    assert find(policy, **asked) is None
    assert find(policy) is not None


def test_projects_and_routes_are_apart(policy):
    keep(policy)
    fields = {name: getattr(policy, name) for name in policy.__struct_fields__}
    elsewhere = make_policy(**fields | {"project_id": str(make_project().id)})
    assert find(elsewhere) is None
    assert find(make_policy(**fields | {"route": "other"}), route="other") is None


def test_vectors_of_different_embedders_never_meet(policy):
    keep(policy)
    other = with_cache(lambda cache: cache.nearest(ticket_of(policy, FILTER), embedded(FILTER, "acme/small@384")))
    assert other is None


def test_answers_whose_time_is_over_are_not_found(policy):
    keep(policy)
    SemanticEntry.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert find(policy) is None


def test_the_same_question_kept_again_replaces_its_answer(policy):
    keep(policy, answer=make_answer("Old."))
    keep(policy, answer=make_answer("New."))
    assert SemanticEntry.objects.count() == 1
    assert b"New." in find(policy).answer.body


def test_a_row_says_whose_it_is_and_how_large(policy):
    keep(policy)
    entry = SemanticEntry.objects.get()
    assert (str(entry.project_id), entry.route, entry.scope) == (policy.project_id, "support", "user:ada")
    assert (entry.embedder, entry.question, entry.hits) == ("hash384-1", FILTER, 0)
    assert entry.size > len(entry.answer) + len(FILTER)
    assert entry.expires_at - entry.created_at == timedelta(seconds=policy.ttl_s)


def test_uses_are_added_to_the_entries(policy):
    keep(policy)
    entry = SemanticEntry.objects.get()
    with_cache(lambda cache: cache.note_used({entry.id: 3, 10**9: 1}))
    again = SemanticEntry.objects.get()
    assert again.hits == 3
    assert again.last_used_at > entry.last_used_at


def test_bytes_of_another_version_are_a_miss(policy):
    keep(policy)
    SemanticEntry.objects.update(answer=b"\x01what is this")
    assert find(policy) is None


def test_many_partitions_beside_hide_nothing(policy):
    """With entries of others all around in the index, the one of this caller is still found."""
    keep(policy)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO caching_semanticentry (project_id, route, scope, embedder, partition, key, question, embedding,
                answer, size, created_at, expires_at, last_used_at, hits)
            SELECT project_id, route, 'user:' || n, embedder, decode(md5(n::text), 'hex'),
                decode(md5('key' || n), 'hex'), question, embedding, answer, size, created_at, expires_at,
                last_used_at, 0
            FROM caching_semanticentry, generate_series(1, 3000) AS n
            """
        )
        cursor.execute("ANALYZE caching_semanticentry")
    assert find(policy) is not None


def test_a_slow_database_is_a_miss_and_one_line_in_the_log(policy, caplog):
    keep(policy)

    async def work(cache):
        assert await cache.nearest(ticket_of(policy, FILTERS), embedded(FILTERS)) is not None
        cache.availability.pause = 0.0
        async with cache.writing.connection() as other, other.transaction():
            await other.execute("LOCK TABLE caching_semanticentry")
            found = [await cache.nearest(ticket_of(policy, FILTERS), embedded(FILTERS)) for _ in range(3)]
        return [*found, await cache.nearest(ticket_of(policy, FILTERS), embedded(FILTERS))]

    with caplog.at_level(logging.INFO, logger="apps.caching"):
        *while_locked, after = with_cache(work)
    assert while_locked == [None, None, None]
    assert after is not None
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_project_that_is_gone_meanwhile_is_no_reason_to_fail(policy):
    ticket = ticket_of(make_policy(project_id="0197a0b4-0000-7000-8000-00000000dead", semantic=True))
    assert with_cache(lambda cache: cache.put(ticket, embedded(FILTER), make_answer())) is False


def test_keeping_and_finding_at_once_works_with_few_connections(policy):
    async def work(cache):
        texts = [f"How do I clean the filter of pump {number}?" for number in range(40)]
        kept = await asyncio.gather(*(cache.put(ticket_of(policy, t), embedded(t), make_answer(t)) for t in texts))
        found = [await cache.nearest(ticket_of(policy, t), embedded(t)) for t in texts]
        return kept, [near.question for near in found] == texts

    kept, same = with_cache(work)
    assert all(kept)
    assert same
