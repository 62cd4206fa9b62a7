from django.urls import path

from apps.serving import views

app_name = "serving"

urlpatterns = [
    path("p/<slug:project_slug>/models/", views.models, name="models"),
    path("p/<slug:project_slug>/models/new/", views.new_model, name="new_model"),
    path("p/<slug:project_slug>/models/folder/", views.new_folder, name="new_folder"),
    path("p/<slug:project_slug>/models/<uuid:model_id>/", views.model, name="model"),
    path("p/<slug:project_slug>/models/<uuid:model_id>/price/", views.price, name="price"),
    path("p/<slug:project_slug>/models/<uuid:model_id>/switch/", views.switch_model, name="switch_model"),
    path("p/<slug:project_slug>/models/providers/<uuid:provider_id>/", views.provider, name="provider"),
    path(
        "p/<slug:project_slug>/models/providers/<uuid:provider_id>/switch/",
        views.switch_provider,
        name="switch_provider",
    ),
]
