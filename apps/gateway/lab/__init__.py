"""The conformance and fault lab: a provider that misbehaves on purpose, and cases that any gateway can be held to."""
