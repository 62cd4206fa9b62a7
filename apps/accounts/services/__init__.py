"""What other apps ask of accounts: the door to projects, keys, and the record of changes."""

from apps.accounts.services.access import (
    KeyRefused,
    authenticate_key,
    open_project,
    projects_of,
    role_in,
)
from apps.accounts.services.api_auth import BearerKey, key_of
from apps.accounts.services.audit import CONFIG_CHANNEL, Actor, actor_of, publish_config, record_change
from apps.accounts.services.keys import IssuedKey, create_public_key, create_secret_key, revoke_key

__all__ = [
    "CONFIG_CHANNEL",
    "Actor",
    "BearerKey",
    "IssuedKey",
    "KeyRefused",
    "actor_of",
    "authenticate_key",
    "create_public_key",
    "create_secret_key",
    "key_of",
    "open_project",
    "projects_of",
    "publish_config",
    "record_change",
    "revoke_key",
    "role_in",
]
