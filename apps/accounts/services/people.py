"""What a user changes about themselves."""

from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services.audit import actor_of, record_for_user


@transaction.atomic
def rename_user(request: HttpRequest, *, name: str) -> None:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("Only a signed-in user has a name.")
    before = User.objects.values_list("name", flat=True).get(id=user.id)
    if before == name:
        return
    user.rename(name)
    record_for_user(actor=actor_of(request), user=user, action="user.renamed", detail={"from": before, "to": name})
