from django.apps import AppConfig


class PipelinesConfig(AppConfig):
    name = "apps.pipelines"
    label = "pipelines"

    def ready(self) -> None:
        from apps.pipelines import receivers  # noqa: F401 - connects them
        from apps.pipelines.on_traces import became
        from apps.tracing.services import register_trace_panel

        register_trace_panel("pipelines/trace_panel.html", became, title="What became of it")
