"""Waiting for a condition, never for a time."""

import os
import time

# Instrumented builds (valgrind, thread sanitizer) are many times slower: they stretch every limit.
PATIENCE = float(os.environ.get("SCHEMALATCH_TEST_PATIENCE", "1"))


class NeverHappened(AssertionError):
    """A condition did not come true within its limit."""


def wait_until(condition, limit_s=15.0, what="the condition", pause_s=0.01):
    """Calls condition until it gives something true, every pause_s, and returns that; fails after
    limit_s.

    what completes the sentence "waited 15 s for …"; a callable is asked for it at the end, so that
    the message can tell what was there instead.
    """
    deadline = time.monotonic() + limit_s * PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            told = what() if callable(what) else what
            raise NeverHappened(f"waited {limit_s * PATIENCE:g} s for {told}")
        time.sleep(pause_s)


def stays(condition, for_s, what="the condition"):
    """Fails as soon as condition gives something false within for_s seconds."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), f"no longer true: {what() if callable(what) else what}"
        time.sleep(0.01)
