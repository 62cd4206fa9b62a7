"""What differs under test: cheap password hashing, nothing else."""

from flywheel.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
