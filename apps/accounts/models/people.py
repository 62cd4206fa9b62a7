"""Users, what they may do where, and in which browsers they are signed in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from apps.accounts.domain.devices import describe_device
from apps.accounts.domain.roles import Role
from apps.accounts.models.tenancy import Organisation, Project
from llmkit.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person. What they may do comes from memberships alone; there are no superusers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        # Addresses are compared as stored, so one that isn't in lower case could never sign in.
        constraints = [models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="email_in_lower_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def rename(self, name: str) -> None:
        self.name = name
        self.save(update_fields=["name"])


class MembershipQuerySet(models.QuerySet["Membership"]):
    def reaching(self, project: Project) -> "MembershipQuerySet":
        """Memberships that hold in `project`: of the whole organisation, or of this project alone."""
        return self.filter(Q(project=project) | Q(project=None), organisation_id=project.organisation_id)


class Membership(models.Model):
    """A role in every project of an organisation or, with `project` set, in that one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices())
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "project", "user"], nulls_distinct=False, name="one_membership_per_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.rank.label}"

    @property
    def rank(self) -> Role:
        return Role(self.role)

    @property
    def place(self) -> Project | Organisation:
        return self.project or self.organisation

    def change_role(self, role: Role) -> None:
        self.role = role
        self.save(update_fields=["role"])


class UserSession(models.Model):
    """One browser in which a user is signed in, so that they can see it and end it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="browser_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} from {self.ip}"

    @property
    def device(self) -> str:
        return describe_device(self.user_agent)
