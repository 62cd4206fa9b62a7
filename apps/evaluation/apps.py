from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "apps.evaluation"
    label = "evaluation"

    def ready(self) -> None:
        from apps.compute.services import register_job_kind
        from apps.evaluation.engine.kind import EvaluationKind

        register_job_kind(EvaluationKind())
