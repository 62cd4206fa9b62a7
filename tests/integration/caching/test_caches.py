"""The caches of a gateway process at work: a request before and after its model call."""

import asyncio
import os
from datetime import timedelta

import pytest

from apps.caching.domain.policy import Scope
from apps.caching.engine.caches import Caches
from apps.caching.engine.embedders import EmbeddingFailed
from apps.caching.models import CacheHour, CacheSample, SemanticEntry
from apps.caching.queries import figures_by_route
from tests.factories.accounts import make_project
from tests.factories.caching import completion, make_answer, make_asked, make_known, make_policy, say, this_hour

pytestmark = pytest.mark.django_db(transaction=True)
FILTERS = "how do i clean the filters please"


@pytest.fixture
def project():
    return make_project()


def known_of(project, **fields):
    return make_known(make_policy(project_id=str(project.id), threshold=0.7, **fields))


def with_caches(work, **options):
    """Run `work`, then finish as a process does that shuts down: everything that waits is written."""

    async def whole():
        caches = Caches(cache_url=os.environ["CACHE_URL"], **options)
        await caches.start()
        try:
            return await work(caches)
        finally:
            await caches.aclose()

    return asyncio.run(whole())


async def written(caches: Caches) -> None:
    await asyncio.gather(*caches._pending)


async def ask(caches, known, asked, answer=None):
    """One request: the hit, or the answer of a model that is kept. What the header says, and the hit."""
    visit = caches.visit(known, asked)
    hit = await caches.look(visit)
    if hit is None:
        caches.keep(visit, answer or make_answer())
        await written(caches)
    return visit.header().decode(), hit


def figures(project):
    hour = this_hour()
    return figures_by_route(project, hour - timedelta(hours=1), hour + timedelta(hours=1))["support"]


def test_the_second_request_is_a_hit_that_says_its_age(project):
    known, answer = known_of(project), make_answer(age=12.5)

    async def work(caches):
        first = await ask(caches, known, make_asked(), answer)
        return first, await ask(caches, known, make_asked(stream=True))

    (missed, nothing), (header, hit) = with_caches(work)
    assert (missed, nothing) == ("miss", None)
    assert header == "hit; age=12; kind=exact"
    assert hit.answer == answer
    assert hit.kind == "exact"


def test_a_similar_question_is_a_hit_with_its_similarity(project):
    known = known_of(project, semantic=True)

    async def work(caches):
        await ask(caches, known, make_asked())
        return await ask(caches, known, make_asked(say(FILTERS)))

    header, hit = with_caches(work)
    assert header.startswith("hit; age=0; kind=semantic; similarity=0.")
    assert hit.known == "How do I clean the filter?"
    assert SemanticEntry.objects.get().hits == 1


def test_the_exact_answer_comes_before_a_similar_one(project):
    known = known_of(project, semantic=True)

    async def work(caches):
        await ask(caches, known, make_asked())
        return await ask(caches, known, make_asked())

    assert with_caches(work)[1].kind == "exact"


def test_a_route_may_have_similar_answers_only(project):
    known = known_of(project, semantic=True, exact=False)

    async def work(caches):
        await ask(caches, known, make_asked())
        return await ask(caches, known, make_asked())

    header, hit = with_caches(work)
    assert hit.similarity == 1
    assert "kind=semantic" in header


def test_no_cache_looks_nowhere_but_keeps_the_answer(project):
    known = known_of(project)

    async def work(caches):
        await ask(caches, known, make_asked(), make_answer("Old."))
        refreshed = await ask(caches, known, make_asked(control=b"no-cache"), make_answer("New."))
        return refreshed, await ask(caches, known, make_asked())

    (header, nothing), (_, hit) = with_caches(work)
    assert (header, nothing) == ("bypass; reason=no-cache", None)
    assert b"New." in hit.answer.body


def test_no_store_keeps_nothing(project):
    known = known_of(project)

    async def work(caches):
        await ask(caches, known, make_asked(control=b"no-store"))
        return await ask(caches, known, make_asked())

    assert with_caches(work) == ("miss", None)


def test_an_answer_older_than_the_caller_wants_is_a_miss(project):
    known = known_of(project)

    async def work(caches):
        await ask(caches, known, make_asked(), make_answer(age=30))
        fresh = await ask(caches, known, make_asked(control=b"max-age=10"), make_answer())
        return fresh, await ask(caches, known, make_asked(control=b"max-age=10"))

    (header, _), (_, hit) = with_caches(work)
    assert header == "miss"
    assert hit.age < 10


def test_what_is_never_kept_is_a_bypass_with_its_reason(project):
    known = known_of(project)

    async def work(caches):
        return [await ask(caches, known, make_asked(say("Where is my order?"))) for _ in range(2)]

    assert with_caches(work) == [("bypass; reason=personal", None)] * 2


def test_answers_that_are_not_kept_say_why(project):
    known = known_of(project)
    truncated = make_answer()
    truncated = type(truncated)(completion(finish_reason="length"), truncated.model, truncated.created)

    async def work(caches):
        visit = caches.visit(known, make_asked())
        reasons = [caches.keep(visit, truncated), caches.keep(visit, make_answer())]
        bypassed = caches.visit(known, make_asked(n=2))
        return [*reasons, caches.keep(bypassed, make_answer())]

    assert with_caches(work) == ["unfinished", "", "n"]


def test_a_route_without_cache_costs_nothing(project):
    async def work(caches):
        return caches.visit(known_of(project), make_asked(route="other")), caches.visit(None, make_asked())

    assert with_caches(work) == (None, None)


def test_two_projects_with_the_same_user_and_prompt_never_meet(project):
    other = make_project()

    async def work(caches):
        for semantic in (False, True):
            await ask(caches, known_of(project, semantic=semantic), make_asked())
        return [await ask(caches, known_of(other, semantic=True, scope=scope), make_asked()) for scope in Scope][:1]

    assert with_caches(work) == [("miss", None)]


def test_everything_is_counted_once_with_what_it_saved(project):
    known = known_of(project, semantic=True)

    async def work(caches):
        await ask(caches, known, make_asked(), make_answer(cost_nano=4_000))
        await ask(caches, known, make_asked())
        await ask(caches, known, make_asked(say(FILTERS)))
        await ask(caches, known, make_asked(n=2))
        caches.note_shared(caches.visit(known, make_asked(control=b"no-cache")), 1_000)
        await caches.flush()

    with_caches(work)
    found = figures(project)
    assert (found.exact_hits, found.semantic_hits, found.misses) == (1, 1, 1)
    assert (found.bypassed, found.shared, found.stored, found.evicted) == (2, 1, 1, 0)
    assert found.saved_nano == 9_000
    assert found.hit_rate == pytest.approx(2 / 3)


def test_several_processes_add_to_the_same_hour(project):
    known = known_of(project)
    for _ in range(3):
        with_caches(lambda caches: ask(caches, known, make_asked(control=b"no-cache")))
    assert CacheHour.objects.get().bypassed == 3


def test_counts_wait_for_postgres_to_come_back(project):
    known = known_of(project)

    async def work(caches):
        caches.visit(known, make_asked(n=2))
        writing, caches.semantic.writing = caches.semantic.writing, Broken()
        with pytest.raises(OSError, match="away"):
            await caches.flush()
        caches.semantic.writing = writing
        caches.visit(known, make_asked(n=2))

    with_caches(work)
    assert figures(project).bypassed == 2


class Broken:
    def connection(self):
        raise OSError("away")


def test_counts_of_a_project_that_is_gone_are_let_go(project):
    gone = make_known(make_policy(project_id="0197a0b4-0000-7000-8000-00000000dead"))

    async def work(caches):
        caches.visit(gone, make_asked(n=2))
        caches.visit(known_of(project), make_asked(n=2))

    with_caches(work)
    assert CacheHour.objects.get().project == project


def test_a_sampled_hit_is_stored_with_both_answers(project):
    known = known_of(project, semantic=True, sample_share=1.0)

    async def work(caches):
        await ask(caches, known, make_asked(), make_answer("Kept."))
        visit = caches.visit(known, make_asked(say(FILTERS)))
        hit = await caches.look(visit)
        assert hit.sampled
        caches.note_sample(visit, completion("Fresh."))
        caches.note_sample(visit, completion(None))  # not in words: nothing to compare

    with_caches(work)
    sample = CacheSample.objects.get()
    assert (sample.question, sample.known) == (FILTERS, "How do I clean the filter?")
    assert (sample.kept, sample.fresh, sample.same) == ("Kept.", "Fresh.", None)
    assert sample.project == project


def test_no_hit_is_sampled_where_the_share_is_nothing(project):
    known = known_of(project, semantic=True, sample_share=0.0)

    async def work(caches):
        await ask(caches, known, make_asked())
        return [(await ask(caches, known, make_asked(say(FILTERS))))[1].sampled for _ in range(20)]

    assert not any(with_caches(work))


def test_an_embedder_that_fails_is_a_miss(project, caplog):
    known = known_of(project, semantic=True, exact=False)

    class Failing:
        name = "failing"

        async def embed(self, texts):
            raise EmbeddingFailed("acme could not be reached.")

    async def work(caches):
        return [await ask(caches, known, make_asked()) for _ in range(2)]

    assert with_caches(work, embedder_of=lambda policy: Failing()) == [("miss", None)] * 2
    assert "The semantic cache of support has no vector: acme could not be reached." in caplog.text


def test_without_valkey_and_postgres_everything_is_a_miss(project):
    known = known_of(project)

    async def whole():
        caches = Caches(cache_url="redis://127.0.0.1:1/0")
        found = [await ask(caches, known, make_asked()) for _ in range(2)]
        await caches.exact.aclose()
        return found

    assert asyncio.run(whole()) == [("miss", None)] * 2


def test_a_header_never_holds_what_a_caller_wrote(project):
    known = known_of(project)

    async def work(caches):
        header, _ = await ask(caches, known, make_asked(say("x\r\nset-cookie: a=b"), user="\r\nx: y"))
        return header

    assert with_caches(work) == "miss"
