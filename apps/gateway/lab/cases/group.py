"""Cases, and the groups that they stand in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from apps.gateway.lab.trial import Trial

Check = Callable[[Trial], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """requirement: the number of the edge semantics that it belongs to, 1 to 37. peers: what others get wrong.

    alone: runs when nothing else does.
    """

    id: str
    group: str
    requirement: int
    title: str
    peers: str
    check: Check
    alone: bool = False


@dataclass
class Group:
    name: str
    cases: list[Case] = field(default_factory=list)

    def case(
        self, id_: str, requirement: int, title: str, peers: str = "", *, alone: bool = False
    ) -> Callable[[Check], Check]:
        """Register a check. It returns for a pass and raises Failed or NotApplicable otherwise."""

        def register(check: Check) -> Check:
            self.cases.append(Case(id_, self.name, requirement, title, peers, check, alone))
            return check

        return register
