"""Small things that several views need."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import Project, User
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.queries import items_of


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a page that SignInRequiredMiddleware guards."""
    if not isinstance(request.user, User):
        raise TypeError("This page is open to strangers, so it may have no user.")
    return request.user


def queue_of(project: Project, queue_id: UUID) -> AnnotationQueue:
    """Http404 for queues of other projects."""
    return get_object_or_404(
        AnnotationQueue.objects.for_project(project).select_related("project", "dataset"), id=queue_id
    )


def item_of(project: Project, item_id: UUID) -> AnnotationItem:
    """Http404 for items of other projects."""
    return get_object_or_404(items_of(project), id=item_id)
