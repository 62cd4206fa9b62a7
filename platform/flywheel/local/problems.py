"""What may go wrong on a user's machine, said in one sentence that names the way out."""


class Problem(Exception):
    """An expected failure; its text is the whole message for the user."""
