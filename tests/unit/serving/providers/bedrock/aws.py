"""AWS's own description of Bedrock, and its event-stream framing, for the tests."""

import base64
import json
import struct
from binascii import crc32
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def _service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), "bedrock-runtime")


def complaints(operation: str, body: dict[str, Any]) -> str:
    """What AWS's description of the operation says is wrong with the body; "" if nothing is."""
    shape = _service().operation_model(operation).input_shape
    return ParamValidator().validate({"modelId": "m", **_with_bytes(body)}, shape).generate_report()


def _with_bytes(value: Any) -> Any:
    """The texts that are blobs on the wire, as the validator wants them."""
    if isinstance(value, list):
        return [_with_bytes(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    blobs = ("bytes", "redactedContent")
    return {name: base64.b64decode(entry) if name in blobs else _with_bytes(entry) for name, entry in value.items()}


def frame(
    kind: str, payload: dict[str, Any] | bytes, *, type_header: str = ":event-type", message: str = "event"
) -> bytes:
    """One message: prelude, its checksum, headers, payload, checksum of it all."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    names = {type_header: kind, ":content-type": "application/json", ":message-type": message}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in names.items()
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    start = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return start + struct.pack(">I", crc32(start))


def failure(kind: str, message: str) -> bytes:
    return frame(kind, {"message": message}, type_header=":exception-type", message="exception")
