"""What the sidecar has asked of a server that logs every statement."""

OURS = "/schemalatch"


def log_lines(database):
    """What the server has logged for the sidecar's sessions of this database."""
    return database.server.log_lines(f"@{database.name}{OURS}")


def statements(database):
    """What these sessions have asked, in order."""
    said = [line.split(OURS, 1)[1].partition(" LOG:  ")[2] for line in log_lines(database)]
    return [text for text in said if text.startswith(("statement:", "execute "))]
