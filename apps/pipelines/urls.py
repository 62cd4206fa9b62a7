from django.urls import path

from apps.pipelines import views

app_name = "pipelines"

urlpatterns = [
    path("p/<slug:project_slug>/wheel/", views.wheels, name="wheels"),
    path("p/<slug:project_slug>/wheel/new/", views.new, name="new"),
    path("p/<slug:project_slug>/wheel/examples/", views.add_traces, name="add_traces"),
    path("p/<slug:project_slug>/wheel/<uuid:wheel_id>/", views.wheel, name="wheel"),
    path("p/<slug:project_slug>/wheel/<uuid:wheel_id>/change/", views.change, name="change"),
    path("p/<slug:project_slug>/wheel/<uuid:wheel_id>/start/", views.start, name="start"),
    path("p/<slug:project_slug>/wheel/turns/<uuid:turn_id>/", views.turn, name="turn"),
    path("p/<slug:project_slug>/wheel/turns/<uuid:turn_id>/promote/", views.promote, name="promote"),
    path("p/<slug:project_slug>/wheel/turns/<uuid:turn_id>/rollback/", views.rollback, name="rollback"),
    path("p/<slug:project_slug>/models/<uuid:model_id>/lineage/", views.lineage, name="lineage"),
]
