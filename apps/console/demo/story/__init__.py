"""The story of the wheel: simulated customers and annotators teach the demo's model what it has never seen."""
