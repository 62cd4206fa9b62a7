"""The Celery application and its timetable."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")

app = Celery("flywheel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "make-partitions-ahead": {"task": "tracing.make_partitions_ahead", "schedule": 6 * 3600.0},
    "reconcile-jobs": {
        "task": "compute.reconcile",
        "schedule": float(os.environ.get("FLYWHEEL_JOB_RECONCILE_SECONDS", "5")),
        "options": {"expires": 60},
    },
    "catch-up-wheels": {"task": "pipelines.catch_up", "schedule": 15.0, "options": {"expires": 60}},
    "load-missing-adapters": {
        "task": "serving.load_missing_adapters",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "reprice-waiting": {"task": "billing.reprice_waiting", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-caches": {"task": "caching.sweep", "schedule": 300.0, "options": {"expires": 300}},
    "judge-cache-samples": {"task": "caching.judge_samples", "schedule": 60.0, "options": {"expires": 60}},
    "forget-ended-sessions": {"task": "accounts.forget_ended_sessions", "schedule": 24 * 3600.0},
}
