"""Every page and API of Flywheel, mounted in one place."""

from django.urls import include, path

from flywheel.api import api_urls
from flywheel.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/", api_urls()),
    path("", include("apps.console.urls")),
    path("", include("apps.console.demo.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.serving.urls")),
    path("", include("apps.gateway.urls")),
    path("", include("apps.tracing.urls")),
    path("", include("apps.billing.urls")),
    path("", include("apps.limits.urls")),
    path("", include("apps.caching.urls")),
    path("", include("apps.feedback.urls")),
    path("", include("apps.compute.urls")),
    path("", include("apps.datasets.urls")),
    path("", include("apps.annotation.urls")),
    path("", include("apps.finetuning.urls")),
    path("", include("apps.evaluation.urls")),
    path("", include("apps.pipelines.urls")),
]

handler400 = "apps.console.views.bad_request"
handler403 = "apps.console.views.forbidden"
handler404 = "flywheel.api.not_found"
handler500 = "apps.console.views.server_error"
