"""charts/example as helm renders it: what the matrix says is what comes out."""

import functools
import json
import re
import shutil
import subprocess

import pytest
import yaml

from charts import objects, restricted, schemas
from charts.helm import CHARTS, NEWEST, OLDEST, helm, refusal, render, with_library
from charts.release import FIRST, instructions

EXAMPLE = CHARTS / "example"
VALUES = yaml.safe_load((EXAMPLE / "values.yaml").read_text(encoding="utf-8"))
MATRIX = VALUES["environments"]
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
SETTINGS = {
    "as it is": {},
    "istio native": {"istio": "native"},
    "istio classic": {"istio": "classic"},
    "image volume": {"schemalatch.migrations.source": "image"},
    "monitored": {"schemalatch.podMonitor.enabled": True},
    "own migration role": {"migrations.existingSecret": "orders-owner", "imagePullSecrets": [{"name": "registry"}]},
    "without a gate": {"schemalatch.enabled": False},
    "without a budget": {"podDisruptionBudget.enabled": False},
}
each_environment = pytest.mark.parametrize("environment", MATRIX)
each_setting = pytest.mark.parametrize("setting", SETTINGS)


@functools.cache
def chart():
    return with_library(EXAMPLE)


@functools.cache
def rendered(environment="production", setting="as it is", kubernetes=NEWEST):
    return render(chart(), sets={"environment": environment, **SETTINGS[setting]}, kubernetes=kubernetes)


def service(release):
    container, = release.pod()["containers"]
    return container


def env(container):
    return {each["name"]: each["value"] for each in container["env"]}


# --- the matrix ---------------------------------------------------------------------------------

def test_the_matrix_is_what_the_story_tells():
    assert MATRIX == {"development": {"migrate": "service", "mode": "observe"},
                      "staging": {"migrate": "job", "mode": "gate"},
                      "production": {"migrate": "job", "mode": "gate"}}
    assert VALUES["environment"] == "production" and VALUES["replicas"] > 1


@each_environment
def test_the_readme_shows_the_matrix(environment):
    row, = re.findall(rf"(?m)^\| `{environment}` \| (.+) \|$", README)
    who, image, skip, gate = row.split(" | ")
    release = rendered(environment)
    assert ("Job" in who) == bool(release.all("Job"))
    assert image == f"`{service(release)['image'].partition(':')[0]}`"
    assert skip == f"`{env(service(release))['SKIP_MIGRATIONS']}`"
    assert {"observes": "observe", "enforces": "gate"}[gate] == release.config()["mode"]


@each_environment
def test_what_comes_out_is_the_row_of_the_matrix(environment):
    row, release = MATRIX[environment], rendered(environment)
    by_job = row["migrate"] == "job"
    assert release.config()["mode"] == row["mode"]
    assert len(release.all("Job")) == by_job
    assert env(service(release))["SKIP_MIGRATIONS"] == ("true" if by_job else "false")
    assert service(release)["image"] == ("orders:0.1.0" if by_job else "orders-migrations:0.1.0")
    assert release.only("Deployment")["spec"]["replicas"] == VALUES["replicas"]


@each_environment
def test_everything_else_is_the_same_everywhere(environment):
    def without_the_row(release):
        text = json.dumps([o for o in release.objects if o["kind"] != "Job"], sort_keys=True)
        text = re.sub(r'\\"mode\\": \\"(gate|observe)\\"', "MODE", text)
        text = re.sub(r'("name": "SKIP_MIGRATIONS", "value": )"(true|false)"', r"\1SKIP", text)
        return re.sub(r'"orders(-migrations)?:0\.1\.0", ("imagePullPolicy": "IfNotPresent", "name": "service")',
                      r"IMAGE \2", text)
    assert without_the_row(rendered(environment)) == without_the_row(rendered("production"))


def test_a_row_that_would_deadlock_is_refused():
    told = refusal(chart(), {"environment": "development", "environments.development.mode": "gate"})
    assert "at '/environments/development': 'not' failed" in told


# --- gate, Job and traps ------------------------------------------------------------------------

def test_the_gate_stands_in_front_of_the_service():
    copy, gate = rendered().pod()["initContainers"]
    assert gate["restartPolicy"] == "Always" and gate["startupProbe"]["httpGet"]["path"] == "/startupz"
    assert copy["image"] == rendered().only("Job")["spec"]["template"]["spec"]["containers"][0]["image"], \
        "what is expected is what the Job runs"
    checks = {check["kind"] for check in rendered().config()["databases"][0]["checks"]}
    assert checks == {"migrations", "contract"}


def test_the_job_is_no_hook_and_has_no_limit_of_its_own():
    job = rendered().only("Job")
    assert not [key for key in job["metadata"].get("annotations", {}) if key.startswith("helm.sh/hook")]
    assert not {"activeDeadlineSeconds", "ttlSecondsAfterFinished"} & job["spec"].keys()
    hooks = [item for item in rendered().objects if "helm.sh/hook" in item["metadata"].get("annotations", {})]
    assert {item["kind"] for item in hooks} == {"ConfigMap"}, "of which nobody waits"


def test_the_job_has_another_name_when_it_does_something_else():
    def name(**sets):
        return render(chart(), sets=sets).only("Job")["metadata"]["name"]
    assert name() == name(replicas=5), "no migration is run for what does not concern it"
    others = [name(**{"image.tag": "0.2.0"}), name(**{"migrations.backoffLimit": 1}), name(**{"database.key": "dsn"})]
    assert len({name(), *others}) == 4


def test_the_jobs_pod_gets_no_request_and_no_eviction_budget():
    labels = rendered().only("Job")["spec"]["template"]["metadata"]["labels"]
    for selector in (rendered().only("Service")["spec"]["selector"],
                     rendered().only("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                     rendered().only("Deployment")["spec"]["selector"]["matchLabels"]):
        assert not selector.items() <= labels.items()
        assert selector.items() <= rendered().only("Deployment")["spec"]["template"]["metadata"]["labels"].items()


def test_a_drain_is_never_blocked_by_a_gate_that_is_shut():
    assert rendered().only("PodDisruptionBudget")["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_old_fleet_serves_until_a_new_pod_is_ready():
    strategy = rendered().only("Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_the_deployment_outlasts_the_start_up_budget():
    probe = rendered().gate()["startupProbe"]
    budget_s = probe["failureThreshold"] * probe["periodSeconds"]
    assert budget_s >= 3600
    assert rendered().only("Deployment")["spec"]["progressDeadlineSeconds"] > budget_s
    told = refusal(chart(), {"schemalatch.probes.startup.failureThreshold": 7200})
    assert "progressDeadlineSeconds: 4200 does not outlast the startup probe" in told and "14400 s" in told


def test_istio():
    def annotations(setting):
        return rendered(setting=setting).only("Deployment")["spec"]["template"]["metadata"].get("annotations", {})

    def ways(setting):
        gate = rendered(setting=setting).gate()
        return ["exec" in gate[kind] for kind in ("startupProbe", "readinessProbe")]

    assert annotations("as it is") == {} and ways("as it is") == [False, False]
    assert annotations("istio native") == {"sidecar.istio.io/nativeSidecar": "true"}
    assert ways("istio native") == [False, False]
    classic = annotations("istio classic")
    assert classic["traffic.sidecar.istio.io/excludeOutboundPorts"] == "5432"
    assert json.loads(classic["proxy.istio.io/config"]) == {"holdApplicationUntilProxyStarts": True}
    assert ways("istio classic") == [True, True]
    job = rendered(setting="istio classic").only("Job")["spec"]["template"]["metadata"]
    assert job["labels"]["sidecar.istio.io/inject"] == "false"


def test_nobody_gets_a_token_of_the_api_server():
    assert rendered().only("ServiceAccount")["automountServiceAccountToken"] is False
    for kind in ("Deployment", "Job"):
        pod = rendered().only(kind)["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == rendered().only("ServiceAccount")["metadata"]["name"]


def test_the_service_asks_a_number_not_a_name():
    port, = rendered().only("Service")["spec"]["ports"]
    assert port["targetPort"] == service(rendered())["ports"][0]["containerPort"]


def test_the_jobs_role_may_be_another():
    def secret(release, kind):
        volumes = release.only(kind)["spec"]["template"]["spec"]["volumes"]
        return next(v["secret"]["secretName"] for v in volumes if v["name"] == "database")
    assert secret(rendered(), "Job") == secret(rendered(), "Deployment") == "orders-db"
    own = rendered(setting="own migration role")
    assert (secret(own, "Job"), secret(own, "Deployment")) == ("orders-owner", "orders-db")


def test_the_gate_can_be_taken_out():
    release = rendered(setting="without a gate")
    assert "initContainers" not in release.pod() and not release.all("ConfigMap")
    assert [volume["name"] for volume in release.pod()["volumes"]] == ["database"]


def test_no_trailing_blanks():
    for setting in SETTINGS:
        text = rendered(setting=setting).text
        assert [line for line in text.splitlines() if line != line.rstrip()] == []


# --- valid, restricted, refused -----------------------------------------------------------------

@each_environment
@each_setting
@pytest.mark.parametrize("kubernetes", [NEWEST, OLDEST])
def test_valid_and_restricted(environment, setting, kubernetes):
    if setting == "image volume" and kubernetes == OLDEST:
        assert "needs image volumes" in refusal(chart(), SETTINGS[setting], kubernetes=OLDEST)
        return
    for item in rendered(environment, setting, kubernetes).objects:
        name = f"{item['kind']} {item['metadata']['name']}"
        assert [*schemas.problems(item, kubernetes), *objects.problems(item)] == [], name
        template = objects.template_of(item)
        if template:
            assert restricted.violations(template["spec"], template["metadata"].get("annotations")) == [], name
            for container in restricted.containers(template["spec"]):
                assert container["securityContext"]["readOnlyRootFilesystem"], name


REFUSED = [
    ({"environment": "test"}, "/environment': value must be one of 'development', 'staging', 'production'"),
    ({"enviroment": "staging"}, "additional properties 'enviroment' not allowed"),
    ({"environments.testing": {"migrate": "job", "mode": "gate"}}, "additional properties 'testing' not allowed"),
    ({"environments.staging.migrate": "hook"}, "/environments/staging/migrate': value must be one of 'service', 'job'"),
    ({"environments.staging.mode": "off"}, "/environments/staging/mode': value must be one of 'observe', 'gate'"),
    ({"replicas": 0}, "/replicas': minimum"),
    ({"image.tag": "latest"}, "/image/tag': 'not' failed"),
    ({"image.digest": "x"}, "additional properties 'digest' not allowed"),
    ({"database.existingSecret": ""}, "/database/existingSecret': '' does not match pattern"),
    ({"database.password": "x"}, "additional properties 'password' not allowed"),
    ({"migrations.activeDeadlineSeconds": 60}, "additional properties 'activeDeadlineSeconds' not allowed"),
    ({"podDisruptionBudget.maxUnavailable": 0}, "/podDisruptionBudget/maxUnavailable'"),
    ({"istio": "on"}, "/istio': value must be one of 'none', 'native', 'classic'"),
    ({"progressDeadlineSeconds": "1h"}, "/progressDeadlineSeconds': got string, want integer"),
    ({"schemalatch.tabels": ["orders"]}, "additional properties 'tabels' not allowed"),
]


@pytest.mark.parametrize("wrong, told", [pytest.param(*row, id=json.dumps(row[0])) for row in REFUSED])
def test_typos_are_refused(wrong, told):
    assert told in refusal(chart(), wrong)


def test_lint():
    done = helm("lint", "--strict", chart())
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout + done.stderr


def test_the_dependency_is_had_as_the_readme_says(tmp_path):
    """`helm dependency build` with the charts side by side, as they lie in the repository."""
    for name in ("example", "schemalatch"):
        shutil.copytree(CHARTS / name, tmp_path / name)
    done = helm("dependency", "build", tmp_path / "example")
    assert done.returncode == 0, done.stderr
    assert render(tmp_path / "example").text == rendered().text


# --- what a person reads ------------------------------------------------------------------------

def notes(*sets):
    done = helm("install", "orders", chart(), "--dry-run=client", "--namespace", "shop",
                *[word for each in sets for word in ("--set", each)])
    assert done.returncode == 0, done.stderr
    return done.stdout.split("NOTES:\n")[1]


def test_notes():
    told = notes()
    assert "production: the Job migrates, the gate holds 3 replicas back" in told
    assert f"job/{rendered().only('Job')['metadata']['name']}" in told
    assert "60 minutes" in told and "--timeout 4200s" in told
    assert "development: the service migrates at its start, the gate observes" in notes("environment=development")


def test_every_value_is_described():
    named = set(re.findall(r"(?m)^\| `([\w.]+)` \|", README.partition("## Values")[2]))
    real = {f"{key}.{inner}" if isinstance(value, dict) and key not in ("environments", "resources", "schemalatch")
            else key for key, value in VALUES.items()
            for inner in (value if isinstance(value, dict) else [""])}
    assert named == real


# --- the images ---------------------------------------------------------------------------------

def packages(stage):
    words = [rest for word, rest in instructions(EXAMPLE / "app" / "Dockerfile", stage) if word == "RUN"]
    return {w for rest in words for w in re.findall(r"--no-install-recommends ([\w .+-]+?) *&&", rest)[0].split()}


def test_the_services_image_has_no_alembic():
    assert "alembic" not in packages("service") and "alembic" in packages("migrations")


def test_the_images_hold_what_the_story_is_run_with():
    """Debian's packages: those that tests/install.sh installs here."""
    for package in packages("migrations"):
        state = subprocess.check_output(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], text=True)
        assert state == "installed", package


@pytest.mark.parametrize("stage", ["service", "migrations"])
def test_the_images_run_as_a_numeric_user(stage):
    users = [rest for word, rest in instructions(EXAMPLE / "app" / "Dockerfile", stage) if word == "USER"]
    assert users[-1] == "65532:65532"


def test_one_version_everywhere():
    about = yaml.safe_load((EXAMPLE / "Chart.yaml").read_text(encoding="utf-8"))
    library = yaml.safe_load((CHARTS / "schemalatch" / "Chart.yaml").read_text(encoding="utf-8"))
    assert about["version"] == about["appVersion"] == library["version"] == FIRST
    assert about["kubeVersion"] == library["kubeVersion"]
