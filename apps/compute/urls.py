from django.urls import path

from apps.compute import views

app_name = "compute"

urlpatterns = [
    path("p/<slug:project_slug>/pools/", views.pools, name="pools"),
    path("p/<slug:project_slug>/jobs/", views.jobs, name="jobs"),
    path("p/<slug:project_slug>/jobs/<uuid:job_id>/", views.job, name="job"),
    path("p/<slug:project_slug>/jobs/<uuid:job_id>/log/", views.job_log, name="job_log"),
    path("p/<slug:project_slug>/jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("p/<slug:project_slug>/jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
]
