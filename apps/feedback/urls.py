from django.urls import path

from apps.feedback import views

app_name = "feedback"

urlpatterns = [
    path("widget/v1.js", views.widget_script, name="widget"),
    path("p/<slug:project_slug>/feedback/", views.feedback_list, name="feedback"),
    path("p/<slug:project_slug>/feedback/trace/<uuid:trace_id>/", views.trace_panel, name="trace_panel"),
]
