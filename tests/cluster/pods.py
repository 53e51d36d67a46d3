"""Pods as people write them."""

ENABLED = {"schemalatch.io/injection": "enabled"}
ASKS = {"schemalatch.io/inject": "true"}
ENOUGH = {"schemalatch.io/secret": "app-db", "schemalatch.io/tables": "users"}

APP_IMAGE = "registry.invalid/app:1"

RESTRICTED_CONTAINER = {
    "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(name, *, labels=None, annotations=None, **spec):
    """A pod at level restricted."""
    app = {"name": "app", "image": APP_IMAGE, "imagePullPolicy": "Never",
           "securityContext": RESTRICTED_CONTAINER}
    metadata = {"name": name, "labels": labels or {}, "annotations": annotations or {}}
    return {"kind": "Pod", "metadata": metadata,
            "spec": {"automountServiceAccountToken": False, "containers": [app], **spec}}


def asking(name, annotations=None, *, spec=None, **more):
    """A pod that asks for the sidecar, with as few settings as will do; more are further annotations,
    or with None ones to leave out."""
    settings = {**ENOUGH, **(annotations or {}), **more}
    settings = {key: value for key, value in settings.items() if value is not None}
    return pod(name, labels=ASKS, annotations=settings, **(spec or {}))


def gate(made):
    """The injected container of a pod."""
    found = [c for c in made["spec"].get("initContainers", []) if c["name"] in ("schemalatch", "schemalatch-wait")]
    assert len(found) == 1, f"{len(found)} init containers are ours"
    return found[0]


def environment(container):
    return {variable["name"]: variable["value"] for variable in container["env"]}


def volume(made, name):
    return next(v for v in made["spec"]["volumes"] if v["name"] == name)


def status_of(made, container):
    """What the kubelet says of a container; {} as long as it says nothing."""
    status = made["status"]
    listed = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
    return next((entry for entry in listed if entry["name"] == container), {})
