"""Getting into AWS: a signature (SigV4) made from a pair of keys, or a Bedrock API key."""

from hashlib import sha256

import msgspec
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

from apps.serving.providers.access import Access
from apps.serving.providers.base import UNREADABLE, Headers
from apps.serving.providers.defaults import JSON

SERVICE = "bedrock"


class Keys(msgspec.Struct, forbid_unknown_fields=True):
    """A credential of AWS, as it is written in the field for the key."""

    access_key_id: str
    secret_access_key: str = msgspec.field()
    session_token: str | None = None

    # What botocore's signer calls them.
    @property
    def access_key(self) -> str:
        return self.access_key_id

    @property
    def secret_key(self) -> str:
        return self.secret_access_key

    @property
    def token(self) -> str | None:
        return self.session_token

    def __repr__(self) -> str:
        return "Keys(…)"


_decode = msgspec.json.Decoder(Keys).decode


def read_keys(credential: str) -> Keys | None:
    """None for a Bedrock API key; ValueError for what looks like a pair of keys and isn't one."""
    if not credential.startswith("{"):
        return None
    try:
        return _decode(credential)
    except UNREADABLE:
        names = '{"access_key_id": "…", "secret_access_key": "…"}, with a "session_token" if there is one'
        raise ValueError(f"The keys of AWS are written as a JSON object: {names}.") from None


def signed_headers(access: Access, method: str, path: str, body: bytes) -> Headers:
    """The headers of one request; `path` is the whole path, percent-encoded, as it goes on the wire."""
    keys = read_keys(access.credential)
    if keys is None:
        return (JSON, (b"authorization", b"Bearer " + access.credential.encode())) if access.credential else (JSON,)
    given = {
        "Content-Type": "application/json",
        "Host": access.authority,
        "X-Amz-Content-SHA256": sha256(body).hexdigest(),
    }
    request = AWSRequest(method=method, url=f"https://{access.authority}{path}", headers=given)
    SigV4Auth(keys, SERVICE, access.option("region")).add_auth(request)
    return tuple((name.lower().encode(), value.encode()) for name, value in request.headers.items() if name != "Host")
