from django.urls import path

from apps.datasets import views

app_name = "datasets"

urlpatterns = [
    path("p/<slug:project_slug>/datasets/", views.datasets, name="datasets"),
    path("p/<slug:project_slug>/datasets/new/", views.new, name="new"),
    path("p/<slug:project_slug>/datasets/of/<slug:name>/", views.dataset, name="dataset"),
    path("p/<slug:project_slug>/datasets/of/<slug:name>/import/", views.import_rows, name="import"),
    path("p/<slug:project_slug>/datasets/of/<slug:name>/v<int:number>/", views.version, name="version"),
    path("p/<slug:project_slug>/datasets/of/<slug:name>/v<int:number>/rows.jsonl", views.download, name="download"),
]
