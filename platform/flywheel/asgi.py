"""The one ASGI entry: `/v1/*` goes to the gateway's own application, everything else to Django.

The gateway's hot path never enters Django's request cycle (docs/adr/003-hot-path-outside-django.md).
"""

import os
import re

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")

django = get_asgi_application()

from apps.gateway.asgi import Gateway  # noqa: E402  (needs the app registry that get_asgi_application loads)
from flywheel.bounds import Bounded  # noqa: E402
from flywheel.entry import Entry  # noqa: E402

# Whole datasets come in one body; everything else that pages and API take is small.
DATASETS = re.compile(r"/api/datasets/|/p/[^/]+/datasets/")


def max_body_bytes(path: str) -> int:
    limit: int = settings.DATASET_MAX_BODY_BYTES if DATASETS.match(path) else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return limit


pages = Bounded(django, max_body_bytes=max_body_bytes)
application = Entry(gateway=Gateway.from_settings(), pages=pages)
