from django.urls import include, path

from apps.accounts.views import account, audit, entry, keys, links, members, projects

app_name = "accounts"

settings_urls = [
    path("", projects.project, name="project"),
    path("new-project/", projects.new_project, name="new_project"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite_member, name="invite"),
    path("members/invitations/<uuid:invitation_id>/withdraw/", members.withdraw, name="withdraw_invitation"),
    path("members/<uuid:membership_id>/role/", members.set_role, name="set_role"),
    path("members/<uuid:membership_id>/remove/", members.remove, name="remove_member"),
    path("members/<uuid:membership_id>/reset-link/", members.reset_link, name="reset_link"),
    path("keys/", keys.keys, name="keys"),
    path("keys/secret/", keys.make_secret_key, name="make_secret_key"),
    path("keys/public/", keys.make_public_key, name="make_public_key"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path("audit/", audit.audit, name="audit"),
]

urlpatterns = [
    path("", entry.root, name="root"),
    path("sign-in/", entry.sign_in_page, name="sign_in"),
    path("sign-out/", entry.sign_out_page, name="sign_out"),
    path("setup/", entry.setup, name="setup"),
    path("invite/<str:token>/", links.invitation, name="invitation"),
    path("reset/<str:token>/", links.reset, name="reset"),
    path("account/", account.profile, name="profile"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/", account.sessions, name="sessions"),
    path("account/sessions/<uuid:session_id>/end/", account.end_one_session, name="end_session"),
    path("account/sessions/end-others/", account.end_all_other_sessions, name="end_other_sessions"),
    path("p/<slug:project_slug>/settings/", include(settings_urls)),
]
