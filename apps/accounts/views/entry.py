"""In and out: sign-in, sign-out, the first start, and where `/` leads."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import SetupForm, SignInForm
from apps.accounts.models import Project, User
from apps.accounts.services import projects_of
from apps.accounts.services.audit import ip_of
from apps.accounts.services.limits import TooManyAttempts
from apps.accounts.services.projects import AlreadySetUp, set_up
from apps.accounts.services.sessions import LAST_PROJECT
from apps.accounts.services.signing_in import (
    WrongCredentials,
    enter,
    record_failed_sign_in,
    sign_in,
    sign_out,
)
from apps.accounts.views.afterwards import AnsweredFirst
from apps.accounts.views.common import safe_next, show_form, user_of

NO_MATCH = "E-mail and password don't match. Check both; an admin can make you a link for a new password."


@login_not_required
def root(request: HttpRequest) -> HttpResponse:
    """To the last project; strangers to the sign-in page or, on the first start, to the setup."""
    if not isinstance(request.user, User):
        return redirect("accounts:sign_in" if User.objects.exists() else "accounts:setup")
    projects = projects_of(user_of(request))
    last = projects.filter(slug=request.session.get(LAST_PROJECT, "")).first()
    project = last or projects.first()
    return redirect(home_of(project)) if project else render(request, "accounts/no_project.html")


def home_of(project: Project) -> str:
    """The home page lives on a higher floor; without it, the members page is what everyone may see."""
    try:
        return reverse("console:home", args=[project.slug])
    except NoReverseMatch:
        return reverse("accounts:members", args=[project.slug])


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    form = SignInForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if request.method != "POST" or not form.is_valid():
        if not User.objects.exists():
            return redirect("accounts:setup")
        return show_form(request, "accounts/sign_in.html", form)
    email = form.cleaned_data["email"]
    try:
        sign_in(request, email=email, password=form.cleaned_data["password"])
    except TooManyAttempts as refusal:
        return too_many(request, refusal)
    except WrongCredentials:
        form.add_error(None, NO_MATCH)
        page = show_form(request, "accounts/sign_in.html", form)
        return AnsweredFirst(page, partial(record_failed_sign_in, email=email, ip=ip_of(request)))
    return redirect(safe_next(request))


def too_many(request: HttpRequest, refusal: TooManyAttempts) -> HttpResponse:
    seconds = refusal.retry_after_s
    context = {"minutes": -(-seconds // 60), "seconds": seconds, "next": safe_next(request)}
    response = render(request, "accounts/too_many.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


@require_POST
def sign_out_page(request: HttpRequest) -> HttpResponse:
    sign_out(request)
    return redirect("accounts:sign_in")


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
def setup(request: HttpRequest) -> HttpResponse:
    """Makes the first owner; only while there is no user."""
    if User.objects.exists():
        return redirect("accounts:root")
    form = SetupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return show_form(request, "accounts/setup.html", form)
    wanted = {name: form.cleaned_data[name] for name in ("organisation", "project", "email", "password", "name")}
    try:
        made = set_up(**wanted, ip=ip_of(request))
    except AlreadySetUp:
        return redirect("accounts:root")
    enter(request, made.owner)
    return redirect(home_of(made.project))
