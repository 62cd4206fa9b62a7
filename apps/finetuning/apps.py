from django.apps import AppConfig


class FinetuningConfig(AppConfig):
    name = "apps.finetuning"
    label = "finetuning"

    def ready(self) -> None:
        from apps.compute.services import register_job_kind
        from apps.finetuning.engine.kind import FinetuneKind

        register_job_kind(FinetuneKind())
