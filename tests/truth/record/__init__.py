"""Runs the real migration tools and records what they leave in a real PostgreSQL."""
