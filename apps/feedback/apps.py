from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    label = "feedback"

    def ready(self) -> None:
        from apps.feedback.on_traces import annotation, marks, panel
        from apps.tracing.services import register_trace_annotation, register_trace_marks, register_trace_panel

        register_trace_annotation("feedback", annotation)
        register_trace_panel("feedback/trace_panel.html", panel, title="Feedback")
        register_trace_marks("feedback", marks)
