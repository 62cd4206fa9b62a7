from django.urls import path

from apps.caching import views

app_name = "caching"

_CACHE = "p/<slug:project_slug>/caches/<uuid:policy_id>/"

urlpatterns = [
    path("p/<slug:project_slug>/caches/", views.caches, name="caches"),
    path("p/<slug:project_slug>/caches/new/", views.new, name="new"),
    path("p/<slug:project_slug>/caches/rules/", views.rules, name="rules"),
    path("p/<slug:project_slug>/caches/corrections/", views.corrections, name="corrections"),
    path("p/<slug:project_slug>/caches/corrections/add/", views.add_correction, name="add_correction"),
    path(
        "p/<slug:project_slug>/caches/corrections/<uuid:correction_id>/remove/",
        views.remove_correction,
        name="remove_correction",
    ),
    path(_CACHE, views.cache, name="cache"),
    path(f"{_CACHE}edit/", views.edit, name="edit"),
    path(f"{_CACHE}check/", views.check, name="check"),
    path(f"{_CACHE}calibration/", views.calibration, name="calibration"),
    path(f"{_CACHE}threshold/", views.use_threshold, name="use_threshold"),
    path(f"{_CACHE}purge/", views.purge, name="purge"),
    path(f"{_CACHE}remove/", views.remove, name="remove"),
]
