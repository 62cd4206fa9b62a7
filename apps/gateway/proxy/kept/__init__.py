"""Answers that need no call: from the route's caches, from an identical request under way, or given before."""
