from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"
    label = "billing"

    def ready(self) -> None:
        from apps.billing.engine.store import LedgerStore
        from apps.tracing.services import register_sink

        register_sink(LedgerStore)
