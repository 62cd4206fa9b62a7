from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "apps.annotation"
    label = "annotation"

    def ready(self) -> None:
        from apps.annotation.on_traces import annotation, panel
        from apps.tracing.services import register_trace_annotation, register_trace_panel

        register_trace_annotation("annotations", annotation)
        register_trace_panel("annotation/trace_panel.html", panel, title="Annotation")
