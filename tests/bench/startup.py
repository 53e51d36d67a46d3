"""From exec to the first answered /livez, against `psql -c 'select 1'` as a whole process: a sidecar
must not hold up its pod's start by more than one look at the database does."""

from bench.figure import SECONDS, Figure, at_most, median, spread
from bench.instruments import time_answer, time_program
from support.postgres import Postgres, program
from support.processes import free_port, scratch_folder
from support.sidecar import command_line, configuration, environment, tables


def sidecar_seconds(config, folder):
    port = free_port()
    env = environment({"SCHEMALATCH_LISTEN": f"127.0.0.1:{port}"})
    return time_answer(port, "/livez", *command_line("serve", config=config, folder=folder), env=env)


def psql_seconds(url):
    return time_program(program("psql"), "-X", "-c", "select 1", url, env=environment())


def measure(short):
    ours, psql = [], []
    with Postgres() as server:
        server.execute("CREATE TABLE users (id int)")
        config, folder = configuration(server.url(), tables("users")), scratch_folder("startup")
        for _ in range(30 if short else 100):
            ours.append(sidecar_seconds(config, folder))
            psql.append(psql_seconds(server.url()))
    yield Figure(
        "exec to the first answered /livez ÷ psql -c 'select 1'",
        median(ours), median(psql), SECONDS, at_most(1),
        {"sidecar": spread(ours), "psql": spread(psql)},
    )
