"""From a plan to an answer: targets are tried, tried again, and tried side by side, as the route's policy says."""
