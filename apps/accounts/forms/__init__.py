from apps.accounts.forms.account import PasswordChangeForm, ProfileForm
from apps.accounts.forms.audit import AuditFilterForm
from apps.accounts.forms.entry import JoinForm, NewPasswordForm, SetupForm, SignInForm
from apps.accounts.forms.keys import PublicKeyForm, SecretKeyForm
from apps.accounts.forms.members import InvitationForm, ProjectForm, RoleForm

__all__ = [
    "AuditFilterForm",
    "InvitationForm",
    "JoinForm",
    "NewPasswordForm",
    "PasswordChangeForm",
    "ProfileForm",
    "ProjectForm",
    "PublicKeyForm",
    "RoleForm",
    "SecretKeyForm",
    "SetupForm",
    "SignInForm",
]
