"""Harbor Desk, the demo: an invented marina-supply shop whose support desk runs on Flywheel."""
