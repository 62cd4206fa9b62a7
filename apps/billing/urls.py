from django.urls import path

from apps.billing import views

app_name = "billing"

_SPEND = "p/<slug:project_slug>/spend/"
_INVOICE = f"{_SPEND}invoices/<uuid:invoice_id>/"

urlpatterns = [
    path(_SPEND, views.spend, name="spend"),
    path(f"{_SPEND}export", views.export, name="export"),
    path(f"{_SPEND}unsettled/", views.unsettled, name="unsettled"),
    path(f"{_SPEND}repricings/", views.repricings, name="repricings"),
    path(f"{_SPEND}repricings/new/", views.new_repricing, name="new_repricing"),
    path(f"{_SPEND}repricings/<uuid:repricing_id>/", views.repricing, name="repricing"),
    path(f"{_SPEND}invoices/", views.invoices, name="invoices"),
    path(f"{_SPEND}invoices/new/", views.new_invoice, name="new_invoice"),
    path(_INVOICE, views.invoice, name="invoice"),
    path(f"{_INVOICE}settle/", views.settle, name="settle"),
    path(f"{_INVOICE}remove/", views.remove, name="remove"),
]
