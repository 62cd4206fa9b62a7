from django.urls import path

from apps.annotation import views

app_name = "annotation"
ROOM = "p/<slug:project_slug>/annotation/"
QUEUE = ROOM + "<uuid:queue_id>/"
ITEM = ROOM + "items/<uuid:item_id>/"

urlpatterns = [
    path(ROOM, views.queues, name="queues"),
    path(ROOM + "new/", views.new_queue, name="new"),
    path(ROOM + "add/<uuid:trace_id>/", views.add_trace, name="add"),
    path(ITEM, views.item, name="item"),
    path(ITEM + "decide/", views.decide, name="decide"),
    path(ITEM + "drop/", views.drop, name="drop"),
    path(ITEM + "submit/", views.submit, name="submit"),
    path(ITEM + "skip/", views.skip, name="skip"),
    path(ITEM + "leave/", views.leave, name="leave"),
    path(QUEUE, views.queue, name="queue"),
    path(QUEUE + "work/", views.work, name="work"),
    path(QUEUE + "fill/feedback/", views.fill_with_feedback, name="fill_with_feedback"),
    path(QUEUE + "fill/confidence/", views.fill_with_confidence, name="fill_with_confidence"),
    path(QUEUE + "publish/", views.publish, name="publish"),
]
