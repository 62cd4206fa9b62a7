"""What a caller may say about an answer, brought to one scale."""

from dataclasses import dataclass

from apps.tracing.domain.sanitise import clean_text

MAX_COMMENT = 4_000
# Words with a fixed place on the scale from -1 (bad) to 1 (good); other labels need a score of their own.
KNOWN_LABELS = {"up": 1.0, "down": -1.0}


class UnclearJudgement(ValueError):
    """The judgement says nothing, or nothing that can be placed on the scale. `field` names the member to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Judgement:
    """score in [-1, 1] or None for a bare comment or label."""

    score: float | None
    label: str
    comment: str


def judgement(*, score: float | None = None, label: str = "", comment: str = "") -> Judgement:
    """The judgement that these say together; UnclearJudgement naming the field when they say none."""
    comment = clean_text(comment.replace("\0", "")).strip()
    label = label.strip().lower()
    if len(comment) > MAX_COMMENT:
        raise UnclearJudgement("comment", f"A comment may have {MAX_COMMENT} characters; this one has {len(comment)}.")
    if score is not None and not -1 <= score <= 1:
        raise UnclearJudgement("score", "A score lies between -1 (bad) and 1 (good).")
    known = KNOWN_LABELS.get(label)
    if known is not None and score is not None and score * known < 0:
        raise UnclearJudgement("score", f"The label '{label}' and the score {score:g} contradict each other.")
    if score is None:
        score = known
    if score is None and not label and not comment:
        raise UnclearJudgement("score", "Say something: a score, a label such as 'up' or 'down', or a comment.")
    return Judgement(score=score, label=label, comment=comment)
