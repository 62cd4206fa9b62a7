"""Requests that go through as they came, but for the name of the model."""

import msgspec

from apps.serving.providers.base import Members

_encode = msgspec.json.Encoder().encode


def with_model(members: Members, body: bytes | None, model: str) -> bytes:
    """The same request to `model`: the very bytes where that is what they name, else that one member is changed."""
    name = _encode(model)
    if body is not None and not ambiguous(body) and bytes(members.get("model", b"")) == name:
        return body
    return _encode({**members, "model": msgspec.Raw(name)})


def ambiguous(body: bytes) -> bool:
    """Whether "model" might stand there twice, for then provider and platform could read different models.

    The second spelling may be escaped; \\u006 is how an escape of any of its letters starts.
    """
    return body.count(b'"model"') != 1 or b"\\u006" in body
