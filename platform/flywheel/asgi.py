"""The one ASGI entry: `/v1/*` goes to the gateway's own application, everything else to Django.

The gateway's hot path never enters Django's request cycle (docs/adr/003-hot-path-outside-django.md).
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")

django = get_asgi_application()

from apps.gateway.asgi import Gateway  # noqa: E402  (needs the app registry that get_asgi_application loads)

from flywheel.entry import Entry  # noqa: E402

application = Entry(gateway=Gateway.from_settings(), pages=django)
