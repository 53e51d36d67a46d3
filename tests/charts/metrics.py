"""What a query names: metrics, and the labels that it wants of each."""

import re

TARGET = {"namespace", "pod", "container", "job", "instance", "endpoint"}  # what discovery adds
NAME = re.compile(r"\b(schemalatch_\w+|process_\w+|up)\b(?:\{([^}]*)\})?")
LABEL = re.compile(r'([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"')
GROUPING = re.compile(r"\b(?:by|on|ignoring|group_left|group_right|without)\s*\(([^)]*)\)")


def metrics_of(query):
    """name -> labels in its matchers, for each metric that a query names."""
    found = {}
    for name, matchers in NAME.findall(GROUPING.sub("", query)):
        found.setdefault(name, set()).update(LABEL.findall(matchers))
    return found


def groupings_of(query):
    """All labels by which a query groups or joins."""
    return {label.strip() for inner in GROUPING.findall(query) for label in inner.split(",") if label.strip()}
