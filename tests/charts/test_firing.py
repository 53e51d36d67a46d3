"""The rendered alerts in a real Prometheus that scrapes real sidecars: each trouble fires its alert, and a
fleet that is well fires none."""

import contextlib

import pytest
import yaml

from charts.helm import platform, render
from support.processes import free_port, scratch_folder
from support.prometheus import Prometheus, Target
from support.sidecar import Sidecar, configuration, tables
from support.volume import Volume
from support.waiting import wait_until


@pytest.fixture(scope="module")
def rules():
    """All alerts, which fire within seconds."""
    release = render(platform(), "platform/all.yaml")
    names = [rule["alert"] for rule in release.only("PrometheusRule")["spec"]["groups"][0]["rules"]]
    sets = {f"prometheusRule.alerts.{name}.for": "1s" for name in names}
    sets["prometheusRule.alerts.SchemalatchStale.afterSeconds"] = 5
    quick = render(platform(), "platform/all.yaml", sets)
    path = scratch_folder("rules") / "rules.yaml"
    path.write_text(yaml.safe_dump(quick.only("PrometheusRule")["spec"]), encoding="utf-8")
    return path


def target(port, pod):
    """As a PodMonitor of the library's would have it."""
    labels = {"namespace": "shop", "pod": pod, "container": "schemalatch", "endpoint": "latch"}
    return Target(port, f"shop/{pod}", labels)


def dirty(url):
    check = {"kind": "migrations", "tool": "golang-migrate", "revisions": ["1"]}
    return configuration(url, check)


def troubled(own_server, fleet):
    """A sidecar for each trouble, by the alert that it is to fire."""
    sound, unsound = own_server.create_database(), own_server.create_database()
    sound.execute("CREATE TABLE users ()")
    unsound.execute("CREATE TABLE schema_migrations (version bigint, dirty boolean)")
    unsound.execute("INSERT INTO schema_migrations VALUES (1, true)")
    role = own_server.create_role(password="right")
    config = Volume(**{"schemalatch.json": configuration(sound.url(), tables("users"))})
    started = {
        "SchemalatchMigrationDirty": Sidecar(dirty(unsound.url())),
        "SchemalatchLoginRefused": Sidecar(
            configuration(sound.url(user=role, password="wrong"), tables("users"))),
        "SchemalatchDisabled": Sidecar(
            configuration(sound.url(), tables("users"), top={"disabled": "INC-42"})),
        "SchemalatchConfigRejected": Sidecar(config / "schemalatch.json"),
    }
    for sidecar in started.values():
        fleet.enter_context(sidecar)
    config.update(**{"schemalatch.json": "{}"})
    started["SchemalatchConfigRejected"].wait_until(
        lambda s: s.metrics().value("schemalatch_config_last_reload_successful") == 0)
    return started


def held(battered_server, fleet):
    """A sidecar whose server has gone."""
    database = battered_server.create_database()
    database.execute("CREATE TABLE users ()")
    sidecar = fleet.enter_context(Sidecar(configuration(database.url(), tables("users"))))
    sidecar.wait_ready()
    battered_server.stop()
    sidecar.wait_check(held=True)
    return sidecar


@pytest.mark.limit(120)
def test_each_trouble_fires_its_alert(rules, server, own_server):
    with contextlib.ExitStack() as fleet:
        sidecars = troubled(server, fleet)
        sidecars["SchemalatchHeld"] = held(own_server, fleet)
        targets = [target(sidecar.port, name) for name, sidecar in sidecars.items()]
        targets.append(target(free_port(), "SchemalatchDown"))
        with Prometheus(*targets, rules=rules) as prometheus:
            def firing():
                return {(name, labels["job"].partition("/")[2])
                        for name, labels, state in prometheus.alerts() if state == "firing"}
            expected = {(name, name) for name in [*sidecars, "SchemalatchDown"]}
            # Who is refused, or finds a failed migration, is not ready, and the only replica of its job.
            expected |= {(alert, name) for alert in ("SchemalatchNotReady", "SchemalatchAllReplicasNotReady")
                         for name in ("SchemalatchMigrationDirty", "SchemalatchLoginRefused")}
            # Who is refused, or has lost its server, has had no answer for five seconds.
            expected |= {("SchemalatchStale", name) for name in ("SchemalatchLoginRefused", "SchemalatchHeld")}
            wait_until(lambda: firing() >= expected, 60, lambda: f"{expected - firing()} to fire")
            assert firing() == expected


def test_a_fleet_that_is_well_fires_nothing(rules, database):
    database.execute("CREATE TABLE users ()")
    config = configuration(database.url(), tables("users"))
    with Sidecar(config) as one, Sidecar(config) as other:
        one.wait_ready()
        other.wait_ready()
        with Prometheus(target(one.port, "orders-1"), target(other.port, "orders-2"), rules=rules) as prometheus:
            wait_until(lambda: len(prometheus.series("schemalatch_ready")) == 2
                       and min(map(len, prometheus.series("schemalatch_ready").values())) >= 5,
                       30, "five scrapes")
            assert prometheus.alerts() == []
