"""`manage.py create_owner`: an owner without the pages, for the first start and for those who locked themselves out."""

import getpass
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from apps.accounts.models import User
from apps.accounts.services.operators import OwnerRefused, make_owner

VARIABLE = "FLYWHEEL_OWNER_PASSWORD"


class Command(BaseCommand):
    help = (
        "Makes a user the owner of an organisation; both are made where they are missing. "
        f"The password comes from ${VARIABLE}, from the file that ${VARIABLE}_FILE names, or is asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="address that the owner signs in with")
        parser.add_argument("--name", default="", help="name of the owner, where the user is new")
        parser.add_argument("--organisation", default="", help="its name; not needed where there is only one")
        parser.add_argument("--project", default="Main", help="first project, where the organisation is new")
        parser.add_argument("--set-password", action="store_true", help="give an existing user a new password")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        password = None
        if user is None or options["set_password"]:
            password = read_password()
            check(email, password, user or User(email=email, name=options["name"]))
        try:
            made = make_owner(
                email=email,
                name=options["name"],
                password=password,
                organisation=options["organisation"],
                project=options["project"],
            )
        except OwnerRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(self.style.SUCCESS(f"{email} is an owner of {made}."))


def read_password() -> str:
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if path := os.environ.get(f"{VARIABLE}_FILE"):
        return Path(path).read_text().strip()
    password = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != password:
        raise CommandError("The two passwords are not the same. Run the command again.")
    return password


def check(email: str, password: str, user: User) -> None:
    try:
        validate_email(email)
        validate_password(password, user)
    except ValidationError as errors:
        raise CommandError(" ".join(errors.messages)) from errors
