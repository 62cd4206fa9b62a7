"""Signed reasoning, sealed into a reasoning item's encrypted_content so that it can come back unchanged."""

import base64
import binascii
from typing import Any

import msgspec

from apps.serving.dialects.chat.schema import Thought

_SEAL = "thinking-blocks:"
_decoder = msgspec.json.Decoder(list[Thought])


def sealed(thoughts: list[Thought]) -> str | None:
    """None where nothing is signed. It hides nothing: the provider has encrypted what nobody may read."""
    blocks = [thought.block() for thought in thoughts if thought.signature or thought.data]
    return _SEAL + base64.b64encode(msgspec.json.encode(blocks)).decode() if blocks else None


def unsealed(written: str | None) -> list[dict[str, Any]]:
    """The thinking blocks; none for what somebody else wrote."""
    if not written or not written.startswith(_SEAL):
        return []
    try:
        thoughts = _decoder.decode(base64.b64decode(written[len(_SEAL) :], validate=True))
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, RecursionError):
        return []
    return [thought.block() for thought in thoughts]
