"""What workers do for serving: bring adapters into the local engine and keep them there."""
