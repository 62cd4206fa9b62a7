"""The caches at work: what gateway processes hold, and what workers do for them."""
