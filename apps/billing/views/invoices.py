"""Invoices of providers: taken in, compared, used to settle."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.billing.domain.invoice_csv import BadInvoice
from apps.billing.forms import InvoiceForm
from apps.billing.queries import compare, invoices_of
from apps.billing.queries.comparing import MOST_DIFFERENCES
from apps.billing.services import remove_invoice, settle_from_invoice, upload_invoice

SHOWN = 100


@require_safe
def invoices(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    context = {"rows": invoices_of(project)[:SHOWN], "may_edit": may_edit(request)}
    return render(request, "billing/invoices.html", context)


@require_http_methods(["GET", "POST"])
def new_invoice(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    posted = request.method == "POST"
    form = InvoiceForm(request.POST if posted else None, request.FILES if posted else None, project=project)
    if form.is_valid():
        file, provider = form.cleaned_data["file"], form.cleaned_data["provider"]
        try:
            invoice = upload_invoice(
                actor=actor_of(request), project=project, name=file.name, provider=provider, data=file.read()
            )
        except BadInvoice as error:
            form.add_error("file", list(error.problems))
        else:
            return redirect("billing:invoice", project.slug, invoice.id)
    return render(request, "billing/new_invoice.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def invoice(request: HttpRequest, project_slug: str, invoice_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    row = get_object_or_404(invoices_of(project), id=invoice_id)
    found = compare(row)
    context: dict[str, Any] = {
        "invoice": row,
        "whole": found.whole,
        "models": found.models,
        "days": found.days[:MOST_DIFFERENCES],
        "hidden": max(len(found.days) - MOST_DIFFERENCES, 0),
        "may_edit": may_edit(request),
    }
    return render(request, "billing/invoice.html", context)


@require_POST
def settle(request: HttpRequest, project_slug: str, invoice_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    row = get_object_or_404(invoices_of(project), id=invoice_id)
    release = request.POST.get("release_missing") == "on"
    try:
        done = settle_from_invoice(actor=actor_of(request), invoice=row, release_missing=release)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{done.settled:,} calls are settled and {done.released:,} released.")
    return redirect("billing:invoice", project.slug, row.id)


@require_POST
def remove(request: HttpRequest, project_slug: str, invoice_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    row = get_object_or_404(invoices_of(project), id=invoice_id)
    try:
        remove_invoice(actor=actor_of(request), invoice=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("billing:invoice", project.slug, row.id)
    messages.success(request, f"{row.name} is removed.")
    return redirect("billing:invoices", project.slug)
