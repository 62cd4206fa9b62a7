"""Flywheel on one machine: Postgres and Valkey from wheels, and the supervisor behind `make up`."""
