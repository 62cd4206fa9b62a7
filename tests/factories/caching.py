"""Cache policies, requests at a cache, answers and samples for tests."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.caching.domain.answers import StoredAnswer
from apps.caching.domain.classifier import Classifier
from apps.caching.domain.default_rules import DEFAULT_RULES
from apps.caching.domain.examples import synthetic_examples
from apps.caching.domain.policy import DIMENSIONS, ProjectCaching, RoutePolicy
from apps.caching.domain.rules import read_rules
from apps.caching.domain.ticket import Asked
from apps.caching.domain.training import train
from apps.caching.models import CachePolicy, CacheSample, SemanticEntry
from apps.caching.services import CacheChoice, set_cache_policy
from llmkit import clock

PROJECT = "0197a0b4-0000-7000-8000-000000000001"
HELLO = [{"role": "user", "content": "How do I clean the filter?"}]
USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}


@lru_cache(maxsize=1)
def trained() -> Classifier:
    """The classifier that a new project has."""
    return train(synthetic_examples())


def members_of(body: Mapping[str, Any] | bytes) -> dict[str, msgspec.Raw]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])


def make_policy(**fields: Any) -> RoutePolicy:
    return RoutePolicy(**({"project_id": PROJECT, "route": "support", "exact": True} | fields))


def make_known(policy: RoutePolicy) -> ProjectCaching:
    return ProjectCaching({policy.route: policy}, read_rules(DEFAULT_RULES), trained())


def make_asked(messages: Any = HELLO, *, user: str = "ada", session: str = "", **members: Any) -> Asked:
    """A request of the key `key-1` to the route `support`; `control` and `key_id` are the request's, not members."""
    control, key_id = members.pop("control", None), members.pop("key_id", "key-1")
    answers_as, route = members.pop("answers_as", "v3 acme-large"), members.pop("route", "support")
    body = {"model": "support", "messages": messages, **members}
    return Asked(route, members_of(body), answers_as, key_id, user, session, control)


def say(text: str, *before: dict[str, str]) -> list[dict[str, str]]:
    return [*before, {"role": "user", "content": text}]


def completion(content: str | None = "With warm water.", **fields: Any) -> bytes:
    """A chat completion; `message` adds to the message, `finish_reason` replaces its own."""
    message = {"role": "assistant", "content": content, **fields.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": fields.pop("finish_reason", "stop")}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": "acme-large-2026",
        "choices": [choice],
        "usage": USAGE,
    }
    return json.dumps(body | fields).encode()


def make_answer(content: str = "With warm water.", *, age: float = 0.0, cost_nano: int | None = 4_000) -> StoredAnswer:
    return StoredAnswer(completion(content), "acme-large", time.time() - age, 12, 5, cost_nano)


def make_cache(project: Project, route: str = "support", **fields: Any) -> CachePolicy:
    return set_cache_policy(actor=Actor(), project=project, route=route, choice=CacheChoice(**fields))


def make_sample(policy: CachePolicy, *, same: bool | None, **fields: Any) -> CacheSample:
    """Judged unless `same` is None."""
    known: dict[str, Any] = {
        "question": "How do I clean the filter?",
        "known": "How do I clean the filters?",
        "similarity": 0.93,
        "kept": "With warm water.",
        "fresh": "With warm water.",
        "created_at": clock.now(),
        "judged_at": None if same is None else clock.now(),
        "method": "" if same is None else "similarity",
    }
    return CacheSample.objects.create(project=policy.project, route=policy.route, same=same, **(known | fields))


def this_hour() -> datetime:
    """The beginning of the hour that is running."""
    return clock.now().replace(minute=0, second=0, microsecond=0)


def make_entry(policy: CachePolicy, question: str, *, size: int = 1_000, **fields: Any) -> SemanticEntry:
    """A semantic answer that nobody will find: its vector and partition are made up."""
    now = clock.now()
    known = {
        "project": policy.project,
        "route": policy.route,
        "scope": "project",
        "embedder": "hash384-1",
        "partition": b"p" * 32,
        "key": secrets.token_bytes(32),
        "embedding": np.ones(DIMENSIONS, dtype=np.float32),
        "answer": b"",
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
        "last_used_at": now,
    }
    return SemanticEntry.objects.create(question=question, size=size, **(known | fields))
