"""The OpenAPI description of `/v1`, from what the gateway itself reads of a request."""

from functools import cache
from typing import Any

import msgspec

from apps.gateway.proxy.asked import ChatBody, EmbeddingsBody, ForeignBody
from apps.gateway.proxy.doors import DOORS, EMBEDDINGS_DOOR

PATH = "/v1/openapi.json"
_TEXT_OR_PARTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]}
_MESSAGES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["role", "content"],
        "properties": {"role": {"enum": ["user", "assistant"]}, "content": _TEXT_OR_PARTS},
    },
}
# What a request in another dialect needs besides, as far as the gateway translates it.
_NEEDED: dict[str, dict[str, Any]] = {
    "/v1/completions": {"prompt": {"type": "string"}},
    "/v1/responses": {"input": _TEXT_OR_PARTS},
    "/v1/messages": {"messages": _MESSAGES, "max_tokens": {"type": "integer", "minimum": 1}},
    "/v1/messages/count_tokens": {"messages": _MESSAGES},
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


@cache
def description() -> dict[str, Any]:
    """OpenAPI 3.1. Members that it doesn't name are passed on to the provider."""
    _, schemas = msgspec.json.schema_components(
        (ChatBody, EmbeddingsBody, ForeignBody), ref_template="#/components/schemas/{name}"
    )
    paths = {path: {"post": _asking(path)} for path in DOORS}
    listing = {"summary": "The models and routes that the key may call", "responses": _answers("A list")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Flywheel gateway", "version": "1"},
        "paths": {**paths, "/v1/models": {"get": listing}},
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _asking(path: str) -> dict[str, Any]:
    """An operation: what goes in, and what may come out."""
    door = DOORS[path]
    body = ChatBody if door.is_hub else ForeignBody
    schema: dict[str, Any] = _ref((EmbeddingsBody if door is EMBEDDINGS_DOOR else body).__name__)
    if needed := _NEEDED.get(path):
        schema = {"allOf": [schema, {"type": "object", "required": [*needed], "properties": needed}]}
    return {
        "summary": f"{door.operation}, in the dialect of {door.dialect.name}",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": _answers("The answer; a stream of events where one was asked for"),
    }


def _answers(good: str) -> dict[str, Any]:
    return {
        "200": {"description": good},
        "default": {"description": "Why not", "content": {"application/json": {"schema": _ref("Error")}}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
