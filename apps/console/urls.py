from django.urls import path

from apps.console import views
from apps.console.home import views as home

app_name = "console"

urlpatterns = [
    path("p/<slug:project_slug>/", home.home, name="home"),
    path("p/<slug:project_slug>/first-key/", home.first_key, name="first_key"),
    path("design/", views.design, name="design"),
    path("p/<slug:project_slug>/palette", views.palette, name="palette"),
]
