from django.urls import path

from apps.finetuning import views

app_name = "finetuning"

urlpatterns = [
    path("p/<slug:project_slug>/finetuning/", views.runs, name="runs"),
    path("p/<slug:project_slug>/finetuning/new/", views.new_run, name="new"),
    path("p/<slug:project_slug>/finetuning/<uuid:run_id>/", views.run, name="run"),
]
