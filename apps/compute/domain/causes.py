"""Why a subprocess ended as it did, in a word and in a sentence."""

import signal
from typing import Final

OUT_OF_MEMORY: Final = ("outofmemoryerror", "out of memory", "memoryerror", "cannot allocate memory")
DISK_FULL: Final = ("no space left on device", "disk quota exceeded")
LOST, PREEMPTED, USER, KILLED, PROBLEM, ERROR = "lost", "preempted", "user", "killed", "problem", "error"

WORDS: Final = {
    "": "",
    "oom": "out of memory",
    "disk full": "the disk was full",
    LOST: "its worker fell silent",
    PREEMPTED: "its worker had to stop",
    USER: "somebody cancelled it",
    KILLED: "killed from outside",
    PROBLEM: "it cannot be done like this",
    ERROR: "it ended with an error",
}


def cause_of(exit_status: int, last_lines: str) -> str:
    """One word; exit_status as subprocess gives it: negative for a signal."""
    said = last_lines.lower()
    if any(words in said for words in OUT_OF_MEMORY):
        return "oom"
    if any(words in said for words in DISK_FULL):
        return "disk full"
    return KILLED if exit_status == -signal.SIGKILL else ERROR


def sentence_of(cause: str, exit_status: int, last_lines: str) -> str:
    """For people who read why a job failed."""
    last = last_lines.strip().splitlines()[-1] if last_lines.strip() else ""
    if cause == "oom":
        return "It ran out of memory: choose a smaller batch, a shorter length or a bigger pool."
    if cause == "disk full":
        return "The disk is full: make room on the worker's machine and where artifacts are kept, then try again."
    if cause == KILLED:
        return "The process was killed from outside; often the machine was short of memory."
    return f"The process ended with status {exit_status}. {last}".strip()


def worker_sentence_of(cause: str, reason: str) -> str:
    """The same where not the job's process failed, but its worker."""
    return sentence_of(cause, 1, "") if cause != ERROR else f"The worker cannot go on: {reason}."
