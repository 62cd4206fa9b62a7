from django.urls import path

from apps.evaluation import views

app_name = "evaluation"

urlpatterns = [
    path("p/<slug:project_slug>/evaluations/", views.evaluations, name="evaluations"),
    path("p/<slug:project_slug>/evaluations/new/", views.new_evaluation, name="new"),
    path("p/<slug:project_slug>/evaluations/<uuid:evaluation_id>/", views.evaluation, name="evaluation"),
]
