"""The acts of the story, each a step that somebody could also take by hand in the pages."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from apps.accounts.models import Project, User
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.queries import agreement_of
from apps.compute.models import Job
from apps.console.demo.customers import Opinions
from apps.console.demo.replay import Replay, Tally
from apps.console.demo.seed import EMAIL, ROUTE, SLUG
from apps.console.demo.story.people import Desk, hire
from apps.console.demo.wheel import ANSWERS, demo_queue
from apps.gateway.services import replace_model
from apps.pipelines.models import Turn, Wheel
from apps.pipelines.services import advance_turn, change_wheel, collect_recent, start_turn

OPINIONS = Opinions(praises=0.80, complains=0.90, mistakes=0.03)
PAIRED_QUEUE = "support-corrections-in-pairs"
# Wrong labels are kept apart, so that the wheel can turn well before and after.
POISONED_QUEUE, POISONED_ANSWERS = "support-corrections-poisoned", "support-answers-poisoned"
LONGEST_SECONDS = 3600.0
POLL_SECONDS = 0.5


class StoryBroken(Exception):
    """The story cannot go on; the text says at which act and why."""


class Stage(Protocol):
    """Where the story is told: a terminal, or a test."""

    def act(self, title: str) -> None: ...

    def bar(self, done: float, note: str) -> None: ...


@dataclass
class Story:
    """One telling. seconds: of each act by its title."""

    stage: Stage
    url: str
    key: str
    poisoned: bool
    requests: int
    seed: int
    seconds: dict[str, float] = field(default_factory=dict)
    truths: dict[str, str] = field(default_factory=dict)
    labels: int = 0
    alpha: dict[str, float | None] = field(default_factory=dict)

    def tell(self) -> Turn:
        """From the first request to the gate's decision."""
        project = Project.objects.get(slug=SLUG)
        wheel = Wheel.objects.for_project(project).select_related("route__active__model").get(route__name=ROUTE)
        lead = User.objects.get(email=EMAIL)
        queue = self._queue(project)
        with self._parts(wheel, queue, lead):
            self._start_over(wheel, lead)
            with self._timed("traffic and thumbs"):
                self._send()
            with self._timed("queue"):
                self._collect(queue)
            with self._timed("annotation"):
                self._annotate(queue, project, lead)
            with self._timed("wheel"):
                return self._turn(wheel, lead)

    def _queue(self, project: Project) -> AnnotationQueue:
        name, dataset = (POISONED_QUEUE, POISONED_ANSWERS) if self.poisoned else (PAIRED_QUEUE, ANSWERS)
        return demo_queue(project, name, annotators_per_item=2, dataset=dataset)

    @contextmanager
    def _parts(self, wheel: Wheel, queue: AnnotationQueue, lead: User) -> Iterator[None]:
        """While the story is told, two people answer each item and what passes is promoted by itself."""
        usual, by_itself = wheel.queue, wheel.auto_promote
        self._refit(wheel, lead, queue, auto_promote=True)
        try:
            yield
        finally:
            self._refit(wheel, lead, usual, auto_promote=by_itself)

    def _refit(self, wheel: Wheel, lead: User, queue: AnnotationQueue, *, auto_promote: bool) -> None:
        change_wheel(
            actor=Actor(user=lead),
            wheel=wheel,
            queue=queue,
            exam=wheel.exam,
            base=wheel.base,
            pool=wheel.pool,
            recipe=wheel.recipe,
            gate=wheel.gate,
            auto_promote=auto_promote,
        )

    def _start_over(self, wheel: Wheel, lead: User) -> None:
        """The story begins with the base model, whoever told it before."""
        active = wheel.route.active
        if active is not None and active.model_id != wheel.base_id:
            message = "The story starts over"
            replace_model(actor=Actor(user=lead), route=wheel.route, base=active, model=wheel.base, message=message)
            time.sleep(2)  # Every gateway process follows a change within two seconds.

    @contextmanager
    def _timed(self, title: str) -> Iterator[None]:
        self.stage.act(title)
        started = time.monotonic()
        yield
        self.seconds[title] = round(time.monotonic() - started, 1)

    def _send(self) -> None:
        replay = Replay(url=self.url, key=self.key, seed=self.seed, split="train", varied=True, opinions=OPINIONS)
        self.truths = {visit.message: visit.intent for visit in replay.visits(self.requests)}

        def show(tally: Tally) -> None:
            self.stage.bar(tally.done / self.requests, f"up {tally.thumbs['up']}  down {tally.thumbs['down']}")

        tally = replay.run(requests=self.requests, concurrency=8, on_progress=show)
        if tally.failures:
            raise StoryBroken("; ".join(f"{count} × {why}" for why, count in tally.failures.most_common(3)))

    def _collect(self, queue: AnnotationQueue) -> None:
        """The worker does this by itself; what it has not done yet is done here."""
        collect_recent()
        waiting = queue.items.filter(state=AnnotationItem.State.OPEN).count()
        self.stage.bar(1.0, f"{waiting} answers to correct")
        if not waiting:
            raise StoryBroken("No bad answer came to the queue.")

    def _annotate(self, queue: AnnotationQueue, project: Project, lead: User) -> None:
        desk = Desk(queue, hire(project), lead, self.truths, random.Random(self.seed), self.poisoned)
        total = 2 * queue.items.filter(state=AnnotationItem.State.OPEN).count()
        while desk.annotate_next():
            self.stage.bar(desk.answered / max(total, desk.answered), f"{desk.answered} answers")
        desk.decide_disputes()
        self.labels, self.alpha = desk.answered, agreement_of(queue)

    def _turn(self, wheel: Wheel, lead: User) -> Turn:
        turn = start_turn(actor=Actor(user=lead), wheel=wheel, message="The story")
        deadline = time.monotonic() + LONGEST_SECONDS
        while turn.state in {Turn.State.TRAINING, Turn.State.EVALUATING, Turn.State.PASSED}:
            if time.monotonic() > deadline:
                raise StoryBroken(f"Turn {turn.number} is not done after {LONGEST_SECONDS / 60:.0f} minutes.")
            self._watch(turn)
            time.sleep(POLL_SECONDS)
            turn = advance_turn(turn_id=turn.id)
        if turn.state == Turn.State.FAILED:
            raise StoryBroken(turn.error)
        return turn

    def _watch(self, turn: Turn) -> None:
        if turn.state == Turn.State.PASSED and turn.error:
            raise StoryBroken(turn.error)
        work = turn.evaluation or turn.run
        if work is None:
            return
        job = Job.objects.get(id=work.job_id)
        left = "" if job.seconds_left is None else f", {job.seconds_left:.0f} s left"
        self.stage.bar(job.progress, f"{turn.get_state_display()}: {job.stage or job.state}{left}")
