"""Connecting providers: what is stored, what is refused, and what nobody ever sees."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import connection

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.serving.models import Provider
from apps.serving.services import (
    CredentialUnreadable,
    Endpoint,
    change_endpoint,
    connect_provider,
    decrypt_credential,
    encrypt_credential,
    set_provider_enabled,
)
from tests.factories.accounts import make_project
from tests.factories.serving import make_provider

pytestmark = pytest.mark.django_db
KIND = "openai_compatible"


def connect(**fields) -> Provider:
    name = fields.pop("name", "acme")
    endpoint = Endpoint(**{"kind": KIND, "base_url": "https://api.acme.example/v1", **fields})
    return connect_provider(actor=Actor(), project=make_project(), name=name, endpoint=endpoint)


def test_a_credential_is_stored_encrypted_only():
    provider = connect(credential="sk-acme-very-secret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT p::text FROM serving_provider p UNION ALL SELECT a::text FROM accounts_auditevent a")
        stored = str(cursor.fetchall())
    assert "very-secret" not in stored
    assert decrypt_credential(provider.credential) == "sk-acme-very-secret"


def test_a_credential_survives_a_new_encryption_key_but_not_the_loss_of_the_old(settings):
    token = encrypt_credential("sk-1")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert decrypt_credential(token) == "sk-1"
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    with pytest.raises(CredentialUnreadable):
        decrypt_credential(token)


def test_no_credential_stays_none():
    assert encrypt_credential("") == decrypt_credential("") == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1",
        "http://10.1.2.3/v1",
        "http://[::1]/v1",
        "http://2130706433/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_an_address_inside_is_refused_unless_it_is_allowed(url):
    with pytest.raises(ValidationError) as caught:
        connect(base_url=url)
    assert "base_url" in caught.value.message_dict
    if "169.254" not in url:
        assert connect(base_url=url, allow_private=True, name="inside").base_url == url.rstrip("/")
    else:
        with pytest.raises(ValidationError):
            connect(base_url=url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["", "ftp://acme.example", "https://user:pw@acme.example/v1", "https://acme.example/?x"]
)
def test_what_is_no_base_url_is_refused(url):
    with pytest.raises(ValidationError) as caught:
        connect(base_url=url)
    assert "base_url" in caught.value.message_dict


@pytest.mark.parametrize("credential", ["two\nlines", "tab\there", "schlüssel", "x" * 2001])
def test_a_credential_that_fits_no_header_is_refused(credential):
    with pytest.raises(ValidationError) as caught:
        connect(credential=credential)
    assert "credential" in caught.value.message_dict


def test_a_stored_credential_is_not_sent_to_another_address_unasked():
    provider = make_provider(make_project(), base_url="https://api.acme.example/v1")
    elsewhere = Endpoint(kind=KIND, base_url="https://evil.example/v1")
    with pytest.raises(ValidationError) as caught:
        change_endpoint(actor=Actor(), provider=provider, endpoint=elsewhere)
    assert "credential" in caught.value.message_dict


def test_saving_without_a_credential_keeps_the_stored_one():
    provider = make_provider(make_project(), base_url="https://api.acme.example/v1")
    change_endpoint(
        actor=Actor(), provider=provider, endpoint=Endpoint(kind=KIND, base_url="https://api.acme.example/v1/")
    )
    provider.refresh_from_db()
    assert decrypt_credential(provider.credential) == "sk-provider-secret"
    assert provider.allow_private is False


def test_taking_a_provider_out_of_service_and_back_is_on_record():
    provider = make_provider(make_project())
    set_provider_enabled(actor=Actor(), provider=provider, enabled=False)
    assert not Provider.objects.enabled().exists()
    set_provider_enabled(actor=Actor(), provider=provider, enabled=True)
    assert Provider.objects.enabled().get() == provider
    actions = AuditEvent.objects.order_by("at", "id").values_list("action", flat=True)
    assert list(actions) == ["provider.connected", "provider.disabled", "provider.enabled"]
