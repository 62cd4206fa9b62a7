from django.urls import path

from apps.tracing import views

app_name = "tracing"

urlpatterns = [
    path("p/<slug:project_slug>/traces/", views.traces, name="traces"),
    path("p/<slug:project_slug>/traces/arrivals", views.arrivals, name="arrivals"),
    path("p/<slug:project_slug>/traces/<str:trace_id>/", views.trace, name="trace"),
    path("p/<slug:project_slug>/sessions/", views.sessions, name="sessions"),
    path("p/<slug:project_slug>/sessions/thread/", views.session, name="session"),
    path("p/<slug:project_slug>/users/", views.users, name="users"),
    path("p/<slug:project_slug>/users/one/", views.user, name="user"),
]
