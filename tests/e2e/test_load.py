"""The daemon under load: many clients on every road while its server goes, hangs and comes back.

Run with the thread sanitizer this is where the two threads would be caught at touching the same
thing; run without, it is where a wrong answer under load would show.
"""

import threading

from support.sidecar import configuration, tables

CLIENTS = 6
ROUNDS = 40
PATHS = ("/readyz", "/readyz?verbose", "/startupz", "/livez", "/status", "/metrics",
         "/readyz/main/tables", "/nothing")
EXPECTED = {"/readyz": {200, 503}, "/readyz?verbose": {200, 503}, "/startupz": {200, 503},
            "/livez": {200}, "/status": {200}, "/metrics": {200},
            "/readyz/main/tables": {200, 503}, "/nothing": {404}}


def ask_all(sidecar, wrong):
    """Every path, ROUNDS times; notes what should not have come back."""
    for _ in range(ROUNDS):
        for path in PATHS:
            try:
                answer = sidecar.get(path)
            except OSError as problem:
                wrong.append((path, repr(problem)))
                return
            if answer.status not in EXPECTED[path]:
                wrong.append((path, answer.status))


def trouble(server, database, sidecar):
    """What a database does on a bad day."""
    database.execute("DROP TABLE orders")
    sidecar.wait_check(reason="missing")
    database.execute("CREATE TABLE orders (id int)")
    sidecar.wait_ready()
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name LIKE 'schemalatch/%'")
    server.freeze()
    sidecar.wait_check(reason="timeout")
    server.thaw()
    sidecar.wait_check(reason="ok")
    server.restart("immediate")
    sidecar.wait_check(reason="ok")


def test_every_road_stays_right_while_the_server_does_not(own_server, start):
    database = own_server.create_database()
    database.execute("CREATE TABLE users (id int); CREATE TABLE orders (id int)")
    sidecar = start(configuration(database.url(), tables("users", "orders"), timeout="300ms"))
    sidecar.wait_ready()
    wrong = []
    clients = [threading.Thread(target=ask_all, args=(sidecar, wrong)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    trouble(own_server, database, sidecar)
    for client in clients:
        client.join()
    assert not wrong
    assert sidecar.metrics().value("schemalatch_http_requests_total", handler="other",
                                   code="404") == CLIENTS * ROUNDS
