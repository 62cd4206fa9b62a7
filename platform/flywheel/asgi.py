"""The one ASGI entry: `/v1/*` goes to the gateway's own application, everything else to Django.

The gateway's hot path never enters Django's request cycle (docs/adr/003-hot-path-outside-django.md).
"""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")

django = get_asgi_application()

from apps.gateway.asgi import Gateway  # noqa: E402  (needs the app registry that get_asgi_application loads)
from flywheel.bounds import Bounded  # noqa: E402
from flywheel.entry import Entry  # noqa: E402

pages = Bounded(django, max_body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
application = Entry(gateway=Gateway.from_settings(), pages=pages)
