import itertools

import pytest

from apps.accounts.domain.roles import Role


@pytest.mark.parametrize(("own", "other"), list(itertools.product(Role, Role)))
def test_managing_takes_an_owner_or_an_admin_above(own: Role, other: Role) -> None:
    expected = own is Role.OWNER or (own is Role.ADMIN and other < Role.ADMIN)

    assert own.may_manage(other) is expected


@pytest.mark.parametrize(("own", "given"), list(itertools.product(Role, Role)))
def test_nobody_gives_more_than_they_have(own: Role, given: Role) -> None:
    assert own.may_grant(given) is (own >= Role.ADMIN and given <= own)


def test_every_role_says_what_it_may_do() -> None:
    assert all(role.may.endswith(".") for role in Role)
    assert [role.label for role in Role] == ["Viewer", "Annotator", "Engineer", "Admin", "Owner"]
