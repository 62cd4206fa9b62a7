"""Good answers in every dialect that the provider speaks."""
