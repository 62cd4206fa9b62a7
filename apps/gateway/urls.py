from django.urls import path

from apps.gateway import views
from apps.gateway.lab import page as lab

app_name = "gateway"

urlpatterns = [
    path("p/<slug:project_slug>/models/connect/", views.connect, name="connect"),
    path("p/<slug:project_slug>/routes/", views.routes, name="routes"),
    path("p/<slug:project_slug>/routes/new/", views.new_route, name="new_route"),
    path("p/<slug:project_slug>/routes/<uuid:route_id>/", views.route, name="route"),
    path("p/<slug:project_slug>/routes/<uuid:route_id>/edit/", views.new_version, name="new_version"),
    path("p/<slug:project_slug>/routes/<uuid:route_id>/switch/", views.switch_route, name="switch_route"),
    path("p/<slug:project_slug>/routes/<uuid:route_id>/<int:number>/activate/", views.activate, name="activate"),
    path("p/<slug:project_slug>/gateway/failures/", views.failures, name="failures"),
    path("p/<slug:project_slug>/gateway/lab/", lab.lab, name="lab"),
]
