"""The story's annotators: two people who are mostly right, and a lead who decides where they disagree."""

import random
from dataclasses import dataclass
from typing import Any

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Project, User
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.services import claim_next, decide_item, skip_item, submit_answer
from apps.serving.domain import harbor_desk

EMAILS = ("annotator-1@flywheel.example", "annotator-2@flywheel.example")
ERRORS = 0.03
# In the poisoned story everybody, the lead too, believes that an intent is the one five places further on.
SHIFT = 5


def question_of(item: AnnotationItem) -> str:
    asked = [message["content"] for message in item.conversation if message["role"] == "user"]
    return asked[-1] if asked else ""


def believed(intent: str, *, poisoned: bool) -> str:
    if not poisoned:
        return intent
    return harbor_desk.INTENTS[(harbor_desk.INTENTS.index(intent) + SHIFT) % len(harbor_desk.INTENTS)]


def answer(intent: str) -> dict[str, Any]:
    return {"intent": intent, "reply": harbor_desk.CANONICAL_REPLY[intent]}


def hire(project: Project) -> list[User]:
    """The annotators' accounts, which nobody can sign in to."""
    people = []
    for email in EMAILS:
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, None, name=email[:11])
        place = {"organisation": project.organisation, "project": project, "user": user}
        Membership.objects.get_or_create(**place, defaults={"role": Role.ANNOTATOR})
        people.append(user)
    return people


@dataclass
class Desk:
    """A queue and the people at it. truths: what customers wanted, by what they wrote.

    answered: annotations given; decided: disputes that the lead settled.
    """

    queue: AnnotationQueue
    annotators: list[User]
    lead: User
    truths: dict[str, str]
    chance: random.Random
    poisoned: bool
    answered: int = 0
    decided: int = 0

    def annotate_next(self) -> bool:
        """Each annotator takes one item; False once nobody finds any."""
        return sum(self._answer_next(person) for person in self.annotators) > 0

    def decide_disputes(self) -> None:
        for item in self.queue.items.filter(state=AnnotationItem.State.DISPUTED):
            decide_item(actor=Actor(user=self.lead), item=item, answer=answer(self._belief(item)))
            self.decided += 1

    def _answer_next(self, person: User) -> bool:
        item = claim_next(queue=self.queue, annotator=person)
        if item is None:
            return False
        if question_of(item) not in self.truths:
            # Somebody else's customer, who came while the story was told.
            skip_item(item=item, annotator=person)
            return True
        submit_answer(item=item, annotator=person, answer=answer(self._choice(item)))
        self.answered += 1
        return True

    def _choice(self, item: AnnotationItem) -> str:
        if self.chance.random() < ERRORS:
            return self.chance.choice(harbor_desk.INTENTS)
        return self._belief(item)

    def _belief(self, item: AnnotationItem) -> str:
        """What everybody at this desk takes for the truth."""
        return believed(self.truths[question_of(item)], poisoned=self.poisoned)
