"""Getting into AWS, with the signature worked out a second time by its published rules."""

import hmac
import json
from hashlib import sha256
from urllib.parse import quote

import pytest

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat

ADAPTER = adapter_for("bedrock")
MODEL = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def access(credential: str, host="bedrock-runtime.eu-west-1.amazonaws.com") -> Access:
    return Access(credential, host, "", {"region": "eu-west-1"})


def signature(request, host: str, secret: str, region: str) -> tuple[str, str]:
    """Signed headers and signature (AWS general reference, "Create a signed AWS API request")."""
    headers = {name.decode(): value.decode() for name, value in request.headers} | {"host": host}
    signed = sorted(name for name in headers if name != "authorization")
    canonical = "\n".join(
        [
            "POST",
            quote(request.path, safe="/~"),
            "",
            *(f"{name}:{headers[name]}" for name in signed),
            "",
            ";".join(signed),
            sha256(request.body).hexdigest(),
        ]
    )
    moment = headers["x-amz-date"]
    scope = f"{moment[:8]}/{region}/bedrock/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for step in (moment[:8], region, "bedrock", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return ";".join(signed), hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.parametrize("token", [None, "FwoGZXIvYXdzEXAMPLE"])
@pytest.mark.parametrize("host", ["bedrock-runtime.eu-west-1.amazonaws.com", "localhost:8443"])
def test_a_pair_of_keys_signs_the_request(token, host):
    credential = json.dumps(KEYS | ({"session_token": token} if token else {}))
    request = ADAPTER.request(call(chat(), upstream_model=MODEL), access(credential, host))
    assert request.path == "/model/eu.anthropic.claude-sonnet-4-20250514-v1%3A0/converse"
    headers = dict(request.headers)
    names, expected = signature(request, host, KEYS["secret_access_key"], "eu-west-1")
    day = headers[b"x-amz-date"].decode()[:8]
    assert headers[b"authorization"].decode() == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/eu-west-1/bedrock/aws4_request, "
        f"SignedHeaders={names}, Signature={expected}"
    )
    assert headers.get(b"x-amz-security-token") == (token.encode() if token else None)
    assert b"host" not in headers
    assert KEYS["secret_access_key"] not in repr(request)


def test_a_bedrock_api_key_is_a_bearer():
    request = ADAPTER.request(call(chat(), upstream_model=MODEL, stream=True), access("ABSKexample"))
    assert dict(request.headers)[b"authorization"] == b"Bearer ABSKexample"
    assert request.path.endswith("/converse-stream")
    assert b"authorization" not in dict(ADAPTER.request(call(chat()), NO_ACCESS).headers)


def test_an_arn_is_one_piece_of_the_path():
    arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"
    path = ADAPTER.request(call(chat(), upstream_model=arn), access(json.dumps(KEYS))).path
    assert path.count("/") == 3
    assert "%2Fabc/converse" in path


@pytest.mark.parametrize("credential", ["{", "{}", '{"access_key_id": "a"}', json.dumps(KEYS | {"region": "x"})])
def test_what_looks_like_keys_and_is_none_is_refused_without_being_repeated(credential):
    with pytest.raises(ValueError, match="JSON object") as refusal:
        ADAPTER.check_credential(credential)
    assert KEYS["secret_access_key"] not in str(refusal.value)


def test_good_credentials_are_not_refused():
    ADAPTER.check_credential("")
    ADAPTER.check_credential("ABSKexample")
    ADAPTER.check_credential(json.dumps(KEYS))


def test_no_part_of_the_keys_is_in_an_error():
    credential = json.dumps(KEYS)
    body = json.dumps({"message": f"signed with {KEYS['secret_access_key']} of {KEYS['access_key_id']}"}).encode()
    message = ADAPTER.error(400, body, credential).message
    assert message == "signed with [credential] of [credential]"


def test_bedrock_lists_its_models_elsewhere():
    with pytest.raises(UnsupportedRequest):
        ADAPTER.models_request(NO_ACCESS)
