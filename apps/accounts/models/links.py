"""One-time links that an admin hands over: into an organisation, or back into an account. Only hashes are kept."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.accounts.domain.roles import Role
from apps.accounts.models.people import User
from apps.accounts.models.tenancy import Organisation, Project
from llmkit.ids import uuid7


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, at: datetime) -> "InvitationQuerySet":
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=at)

    def reaching(self, project: Project) -> "InvitationQuerySet":
        """Invitations into the whole organisation of `project`, or into it alone."""
        return self.filter(Q(project=project) | Q(project=None), organisation_id=project.organisation_id)


class Invitation(models.Model):
    """A link that makes whoever opens it a member; with `email`, only the person with that address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.PositiveSmallIntegerField(choices=Role.choices())
    token_digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{Role(self.role).label} of {self.place}"

    @property
    def place(self) -> Project | Organisation:
        return self.project or self.organisation

    def is_open(self, at: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and at < self.expires_at

    def withdraw(self, at: datetime) -> None:
        self.withdrawn_at = at
        self.save(update_fields=["withdrawn_at"])

    def mark_accepted(self, user: User, at: datetime) -> None:
        self.accepted_by, self.accepted_at = user, at
        self.save(update_fields=["accepted_by", "accepted_at"])


class PasswordReset(models.Model):
    """A link with which a user sets a new password, made by an admin: the installation sends no mail."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_resets")
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"New password for {self.user}"

    def is_open(self, at: datetime) -> bool:
        return self.used_at is None and self.withdrawn_at is None and at < self.expires_at

    def mark_used(self, at: datetime) -> None:
        self.used_at = at
        self.save(update_fields=["used_at"])
