"""What may go wrong in a training, in words for people."""

import errno

FULL = ("no space left on device", "disk quota exceeded", "storagefull", "os error 28", "os error 122")


class TrainerProblem(Exception):
    """An expected failure. permanent: trying again would end the same way."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


def is_disk_full(error: BaseException) -> bool:
    """Also where a library wrote and reports it in words of its own."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        if any(words in str(seen).lower() for words in FULL):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def unwritable(what: str, error: BaseException) -> TrainerProblem:
    """Another worker may have room, so it is worth another try."""
    if is_disk_full(error):
        return TrainerProblem(
            f"The disk is full: {what} could not be written. Make room on the worker's machine, then try again.",
            permanent=False,
        )
    return TrainerProblem(f"{what[0].upper()}{what[1:]} could not be written: {error}", permanent=False)
