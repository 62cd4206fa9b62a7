"""What other apps ask of accounts: the door to projects, keys, and the record of changes."""

from apps.accounts.services.access import (
    KeyRefused,
    authenticate_key,
    may_edit,
    open_project,
    projects_of,
    role_in,
    role_of,
)
from apps.accounts.services.api_auth import BearerKey, key_of
from apps.accounts.services.audit import CONFIG_CHANNEL, Actor, actor_of, publish_config, record_change
from apps.accounts.services.keys import IssuedKey, create_public_key, create_secret_key, revoke_key
from apps.accounts.services.projects import (
    AlreadySetUp,
    Installation,
    create_project,
    found_organisation,
    rename_project,
    set_up,
)

__all__ = [
    "CONFIG_CHANNEL",
    "Actor",
    "AlreadySetUp",
    "BearerKey",
    "Installation",
    "IssuedKey",
    "KeyRefused",
    "actor_of",
    "authenticate_key",
    "create_project",
    "create_public_key",
    "create_secret_key",
    "found_organisation",
    "key_of",
    "may_edit",
    "open_project",
    "projects_of",
    "publish_config",
    "record_change",
    "rename_project",
    "revoke_key",
    "role_in",
    "role_of",
    "set_up",
]
