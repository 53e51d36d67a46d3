"""What the sidecar has asked of a server that logs every statement."""

OURS = "/schemalatch"


def log_lines(database):
    """What the server has logged for the sidecar's sessions of this database, each on one line."""
    whole = database.server.log_text().replace("\n\t", " ")
    return [line for line in whole.splitlines() if f"@{database.name}{OURS}" in line]


def statements(database):
    """What these sessions have asked, in order: "statement: SQL", or "execute NAME: SQL"."""
    said = [line.split(OURS, 1)[1].partition(" LOG:  ")[2] for line in log_lines(database)]
    return [text for text in said if text.startswith(("statement:", "execute "))]


def sql_of(database):
    """The same without the form in which it was asked."""
    return [text.partition(": ")[2] for text in statements(database)]
