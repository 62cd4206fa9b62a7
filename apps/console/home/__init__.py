"""The home page: a project's live figures, or the way to its first request."""
