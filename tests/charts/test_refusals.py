"""What the charts refuse, and how they say so."""

import json

import pytest

from charts.helm import OLDEST, application, helm, platform, refusal, render

DATABASE = {"schemalatch.database.existingSecret": "orders-db"}
RIGHT = {**DATABASE, "schemalatch.tables": ["users"]}

# A wrong value, and a part of what is said about it. By the schema: the place and the complaint.
OF_APP = [
    ({"tabels": ["users"]}, "'' ¦ additional properties 'tabels' not allowed"),
    ({"kind": "daemon"}, "/kind ¦ must be one of 'sidecar', 'init'"),
    ({"mode": "gates"}, "/mode ¦ must be one of 'gate', 'observe'"),
    ({"disabled": True}, "/disabled ¦ got boolean, want string"),
    ({"enabled": "yes"}, "/enabled ¦ got string, want boolean"),
    ({"image.tags": "1"}, "/image ¦ additional properties 'tags'"),
    ({"image.tag": 0.1}, "/image/tag ¦ got number, want string"),
    ({"image.repository": ""}, "/image/repository ¦ minLength"),
    ({"image.digest": "sha256:abc"}, "/image/digest ¦ does not match pattern"),
    ({"image.pullPolicy": "Sometimes"}, "/image/pullPolicy ¦ must be one of"),
    ({"database.secret": "x"}, "/database ¦ additional properties 'secret'"),
    ({"database.period": "10"}, "/database/period ¦ does not match pattern"),
    ({"database.holdFor": 300}, "/database/holdFor ¦ got number, want string"),
    ({"database.server": "standby"}, "/database/server ¦ must be one of 'any', 'primary'"),
    ({"database.keepConnection": "no"}, "/database/keepConnection ¦ must be one of"),
    ({"database.urlKey": "a/b"}, "/database/urlKey ¦ does not match pattern"),
    ({"database.env": {"DATABASE_URL": "url"}}, "/database/env ¦ additional properties 'DATABASE_URL'"),
    ({"database.holdFor": None}, "/database ¦ missing property 'holdFor'"),
    ({"tables": "users"}, "/tables ¦ got string, want array"),
    ({"tables": [""]}, "/tables/0 ¦ minLength"),
    ({"contract": {"schemalatch": 1}}, "/contract ¦ got object, want string"),
    ({"migrations.source": "git"}, "/migrations/source ¦ must be one of 'none', 'image', 'copy', 'list', 'volume'"),
    ({"migrations.tool": "alambic"}, "/migrations/tool ¦ must be one of"),
    ({"migrations.path": "migrations"}, "/migrations/path ¦ does not match pattern"),
    ({"migrations.paths": {"a b": "/x"}}, "/migrations/paths ¦ additional properties 'a b'"),
    ({"migrations.copy.comand": []}, "/migrations/copy ¦ additional properties 'comand'"),
    ({"migrations.rule": "equal"}, "/migrations/rule ¦ must be one of 'at-least', 'exact'"),
    ({"checks": [{"kind": "table"}]}, "/checks/0/kind ¦ must be one of 'tables', 'contract', 'query', 'migrations'"),
    ({"checks": [{"kind": "tables", "tabels": ["a"]}]}, "/checks/0 ¦ additional properties 'tabels'"),
    ({"checks": [{"kind": "tables"}]}, "/checks/0 ¦ missing property 'tables'"),
    ({"checks": [{"kind": "query", "sql": "SELECT true", "gates": ["liveness"]}]}, "/checks/0/gates/0 ¦ must be one of"),
    ({"checks": [{"name": "a"}]}, "/checks/0 ¦ missing property 'kind'"),
    ({"upstreams": [{"name": "app"}]}, "/upstreams/0 ¦ missing property 'url'"),
    ({"upstreams": [{"url": "http://a/", "interval": "5s"}]}, "/upstreams/0 ¦ additional properties 'interval'"),
    ({"config.mode": "observe"}, "/config ¦ additional properties 'mode'"),
    ({"config.log": {"levl": "debug"}}, "/config/log ¦ additional properties 'levl'"),
    ({"config.databases": [{"name": "a"}]}, "/config/databases/0 ¦ missing property 'checks'"),
    ({"wait.timeout": "long"}, "/wait/timeout ¦ does not match pattern"),
    ({"port": 80}, "/port ¦ minimum: got 80, want 1,024"),
    ({"port": "8484"}, "/port ¦ got string, want integer"),
    ({"probes.readyness": {}}, "/probes ¦ additional properties 'readyness'"),
    ({"probes.startup.type": "grpc"}, "/probes/startup/type ¦ must be one of 'httpGet', 'exec'"),
    ({"probes.startup.successThreshold": 2}, "/probes/startup ¦ additional properties 'successThreshold'"),
    ({"probes.readiness.periodSeconds": 0}, "/probes/readiness/periodSeconds ¦ minimum"),
    ({"stateDirectory.size": "1Mi"}, "/stateDirectory ¦ additional properties 'size'"),
    ({"resources.limit": {}}, "/resources ¦ additional properties 'limit'"),
    ({"securityContext.runAsRoot": False}, "/securityContext ¦ additional properties 'runAsRoot'"),
    ({"extraEnv": [{"name": "A", "value": 1}]}, "/extraEnv/0/value ¦ got number, want string"),
    ({"extraEnv": [{"name": "A", "valueform": {}}]}, "/extraEnv/0 ¦ additional properties 'valueform'"),
    ({"extraVolumes": [{"name": "a", "hostPath": {"path": "/"}}]}, "/extraVolumes/0 ¦ additional properties 'hostPath'"),
    ({"extraVolumes": [{"name": "a"}]}, "/extraVolumes/0 ¦ minProperties"),
    ({"extraVolumeMounts": [{"name": "a"}]}, "/extraVolumeMounts/0 ¦ missing property 'mountPath'"),
    ({"podMonitor.intervall": "1s"}, "/podMonitor ¦ additional properties 'intervall'"),
    ({"podMonitor.labels": {"a": 1}}, "/podMonitor/labels/a ¦ got number, want string"),
    ({"istio.enabled": True}, "/istio ¦ additional properties 'enabled'"),
    ({"commonLabels": {"a": True}}, "/commonLabels/a ¦ got boolean, want string"),
]

OF_PLATFORM = [
    ({"prometheusRules.enabled": True}, "'' ¦ additional properties 'prometheusRules'"),
    ({"prometheusRule.alerts.SchemalatchDwn": {}}, "/prometheusRule/alerts ¦ additional properties 'SchemalatchDwn'"),
    ({"prometheusRule.alerts.SchemalatchDown.for": "10 minutes"}, "/prometheusRule/alerts/SchemalatchDown/for ¦ pattern"),
    ({"prometheusRule.alerts.SchemalatchDown.severity": "page"}, "/SchemalatchDown/severity ¦ must be one of"),
    ({"prometheusRule.alerts.SchemalatchDown.afterSeconds": 5}, "/SchemalatchDown ¦ additional properties 'afterSeconds'"),
    ({"prometheusRule.selector": "{cluster='a'}"}, "/prometheusRule/selector ¦ does not match pattern"),
    ({"prometheusRule.runbookUrl": ""}, "/prometheusRule/runbookUrl ¦ minLength"),
    ({"podMonitor.podLabels": None}, "/podMonitor ¦ missing property 'podLabels'"),
    ({"dashboard.label": {}}, "/dashboard ¦ additional properties 'label'"),
    ({"networkPolicy.namespaces": "shop"}, "/networkPolicy/namespaces ¦ got string, want array"),
    ({"networkPolicy.port": 70000}, "/networkPolicy/port ¦ maximum"),
    ({"networkPolicy.database.to": [{"cidr": "10.0.0.0/8"}]}, "/networkPolicy/database/to/0 ¦ additional properties 'cidr'"),
    ({"networkPolicy.prometheus.podSelector.labels": {}}, "/networkPolicy/prometheus/podSelector ¦ additional properties 'labels'"),
]


def assert_told(text, expected):
    """One line names the place and holds the complaint."""
    place, complaint = expected.split(" ¦ ")
    lines = [line for line in text.splitlines() if place in line and complaint in line]
    assert lines, text


def named(table):
    return [pytest.param(*row, id=json.dumps(row[0])) for row in table]


@pytest.mark.parametrize("wrong, told", named(OF_APP))
def test_the_library_refuses(wrong, told):
    sets = {**RIGHT, **{f"schemalatch.{key}": value for key, value in wrong.items()}}
    assert_told(refusal(application(), sets), told)


@pytest.mark.parametrize("wrong, told", named(OF_PLATFORM))
def test_the_platform_refuses(wrong, told):
    assert_told(refusal(platform(), wrong), told)


# Values that are right each by itself and do not fit together: the value's name, and what is expected.
MISFITS = [
    (DATABASE, "nothing is checked: expected at least one of schemalatch.tables"),
    ({"schemalatch.tables": ["users"]}, "schemalatch.database.existingSecret is empty: expected the name of a Secret"),
    ({**RIGHT, "schemalatch.database.url": "postgresql://db/a"}, "schemalatch.database.url is given, and nothing of"),
    ({**RIGHT, "schemalatch.database.env": {"PGHOST": "host"}, "schemalatch.database.url": "postgresql://db/a"},
     "schemalatch.database.url and schemalatch.database.env are both given: expected one"),
    ({"schemalatch.tables": ["users"], "schemalatch.database.env": {"PGHOST": "host"}},
     "schemalatch.database.env names keys of a Secret"),
    ({**RIGHT, "schemalatch.config.databases": [{"checks": [{"kind": "tables", "tables": ["a"]}]}]},
     "schemalatch.config.databases takes the place of"),
    ({**RIGHT, "schemalatch.contract": "{}", "schemalatch.contractFile": "files/contract.json"},
     "schemalatch.contract and schemalatch.contractFile are both given"),
    ({**RIGHT, "schemalatch.contractFile": "contract.json"}, '"contract.json" is empty or no file of the chart app'),
    ({**RIGHT, "schemalatch.contract": "{}"}, 'expected a JSON object with the key "schemalatch"'),
    ({**RIGHT, "schemalatch.contract": "[not JSON"}, 'expected a JSON object with the key "schemalatch"'),
    ({**RIGHT, "schemalatch.migrations.tool": "alembic"}, 'schemalatch.migrations.source is "none", but other values'),
    ({**RIGHT, "schemalatch.migrations": {"source": "list", "list": "1"}},
     "schemalatch.migrations.tool is empty: expected the migration tool"),
    ({**RIGHT, "schemalatch.migrations.source": "list", "schemalatch.migrations.tool": "goose"},
     "schemalatch.migrations.list is empty: expected the migrations' ids"),
    ({**RIGHT, "schemalatch.migrations": {"source": "list", "tool": "goose", "list": "1", "listFile": "a"}},
     "schemalatch.migrations.list and schemalatch.migrations.listFile are both given"),
    ({**RIGHT, "schemalatch.migrations": {"source": "copy", "tool": "goose", "list": "1", "path": "/m", "image": "a:1"}},
     'schemalatch.migrations.list is given, but schemalatch.migrations.source is "copy"'),
    ({**RIGHT, "schemalatch.migrations": {"source": "copy", "tool": "goose", "path": "/m"}},
     "schemalatch.migrations.image is empty: expected the application's image"),
    ({**RIGHT, "schemalatch.migrations": {"source": "image", "tool": "goose", "image": "a:1"}},
     "schemalatch.migrations.path is empty: expected the migrations' directory in the image"),
    ({**RIGHT, "schemalatch.migrations": {"source": "volume", "tool": "goose"}},
     "schemalatch.migrations.path is empty: expected the migrations' directory in the container"),
    ({**RIGHT, "schemalatch.migrations": {"source": "volume", "tool": "django", "path": "/m", "paths": {"a": "/m"}}},
     "schemalatch.migrations.path and schemalatch.migrations.paths are both given"),
    ({**RIGHT, "schemalatch.kind": "init", "schemalatch.podMonitor.enabled": True},
     'schemalatch.podMonitor.enabled: an init container that waits and goes cannot be scraped'),
    ({**RIGHT, "schemalatch.wait.timeout": "5m"}, 'schemalatch.wait.timeout is given, but schemalatch.kind is "sidecar"'),
]


@pytest.mark.parametrize("wrong, told", named(MISFITS))
def test_values_that_do_not_fit_together(wrong, told):
    lines = [line for line in refusal(application(), wrong).splitlines() if line.startswith("  - ")]
    assert len(lines) == 1 and told in lines[0], lines


def test_image_volumes_are_refused_where_there_are_none():
    told = refusal(application(), values="app/image.yaml", kubernetes=OLDEST)
    assert f"image volumes, which Kubernetes v{OLDEST} does not have" in told


def test_policies_for_no_namespace():
    told = refusal(platform(), {"networkPolicy.enabled": True})
    assert "networkPolicy.namespaces is empty: expected the namespaces" in told


@pytest.mark.parametrize("chart", [application, platform])
def test_kubernetes_without_native_sidecars(chart):
    told = refusal(chart(), kubernetes="1.28.15")
    assert "requires kubeVersion: >=1.29.0-0" in told


@pytest.mark.parametrize("kubernetes", ["1.29.0-gke.1245000", "1.33.4-eks-abcdef"])
def test_kubernetes_of_vendors(kubernetes):
    render(application(), "app/tables.yaml", kubernetes=kubernetes)


def test_all_is_told_at_once():
    sets = {"schemalatch.mode": "gates", "schemalatch.port": 1, "schemalatch.imgae": {}}
    told = refusal(application(), sets)
    assert all(word in told for word in ("/mode", "/port", "imgae"))
    sets = {"schemalatch.migrations": {"source": "copy"}, "schemalatch.wait.timeout": "1m"}
    told = refusal(application(), sets)
    assert told.count("\n  - ") == 5, told


@pytest.mark.parametrize("chart, values", [(application, "app/tables.yaml"), (platform, "platform/all.yaml")])
def test_globals_of_a_parent_chart_are_no_typo(chart, values):
    render(chart(), values, {"global.imageRegistry": "registry.example.org"})


def test_a_typo_is_found_by_lint_too():
    done = helm("lint", application(), "--set-json", 'schemalatch.tabels=["a"]')
    assert done.returncode != 0 and "tabels" in done.stdout + done.stderr
