"""Chat completions taken apart and put together, for the providers that speak another protocol."""
