from django.urls import path

from apps.limits import views

app_name = "limits"

_LIMIT = "p/<slug:project_slug>/limits/<uuid:limit_id>/"

urlpatterns = [
    path("p/<slug:project_slug>/limits/", views.limits, name="limits"),
    path("p/<slug:project_slug>/limits/new/", views.new, name="new"),
    path(_LIMIT, views.limit, name="limit"),
    path(f"{_LIMIT}edit/", views.edit, name="edit"),
    path(f"{_LIMIT}remove/", views.remove, name="remove"),
]
