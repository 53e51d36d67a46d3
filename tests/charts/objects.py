"""What a server checks that no schema says: names, labels, and that one part fits another.

    problems(object)     # [] or lines for people
"""

import re
from collections import Counter

from charts.restricted import containers

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?$")
LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$")
DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+$")
ENVIRONMENT = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*$")
CONTAINER_NAME_MAX = 63
PORT_NAME_MAX = 15
SIZE_MAX = 1 << 20


def repeated(values):
    return sorted(str(value) for value, count in Counter(values).items() if count > 1)


def of_labels(labels, where):
    for key, value in (labels or {}).items():
        if not LABEL_KEY.match(key) or len(key.rpartition("/")[2]) > 63:
            yield f"{where}: {key!r} is no label's key"
        if not LABEL_VALUE.match(value) or len(value) > 63:
            yield f"{where}: {value!r} is no label's value"


def of_metadata(item):
    metadata = item["metadata"]
    if not SUBDOMAIN.match(metadata["name"]) or len(metadata["name"]) > 253:
        yield f"{metadata['name']!r} is no name"
    yield from of_labels(metadata.get("labels"), metadata["name"])
    for key in metadata.get("annotations") or {}:
        if not LABEL_KEY.match(key):
            yield f"{key!r} is no annotation's key"


def of_data(item):
    for key in item.get("data") or {}:
        if not DATA_KEY.match(key):
            yield f"{key!r} is no key of a {item['kind']}"
    if sum(map(len, (item.get("data") or {}).values())) > SIZE_MAX:
        yield "larger than 1 MiB"


def of_probe(kind, probe, container):
    ports = {port["containerPort"] for port in container.get("ports") or ()}
    asked = (probe.get("httpGet") or {}).get("port")
    if asked is not None and asked not in ports:
        yield f"{container['name']}: {kind} asks port {asked}, which is not among {sorted(ports)}"
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield f"{container['name']}: successThreshold of {kind}"


def of_container(container, volumes, is_init):
    name = container["name"]
    mounts = container.get("volumeMounts") or ()
    if not NAME.match(name) or len(name) > CONTAINER_NAME_MAX:
        yield f"{name!r} is no container's name"
    for mount in mounts:
        if mount["name"] not in volumes:
            yield f"{name}: no volume {mount['name']}"
        if mount.get("subPath", "").startswith("/") or ".." in mount.get("subPath", "").split("/"):
            yield f"{name}: subPath {mount['subPath']}"
    for path in repeated(mount["mountPath"].rstrip("/") for mount in mounts):
        yield f"{name}: two mounts at {path}"
    for variable in repeated(each["name"] for each in container.get("env") or ()):
        yield f"{name}: {variable} is set twice"
    for variable in container.get("env") or ():
        if not ENVIRONMENT.match(variable["name"]):
            yield f"{name}: {variable['name']!r} is no variable's name"
    for port in container.get("ports") or ():
        if not NAME.match(port["name"]) or len(port["name"]) > PORT_NAME_MAX:
            yield f"{name}: {port['name']!r} is no port's name"
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        if kind in container and is_init and container.get("restartPolicy") != "Always":
            yield f"{name}: an init container that ends has a {kind}"
        yield from of_probe(kind, container.get(kind) or {}, container)


def of_pod(pod):
    everyone = containers(pod)
    volumes = [volume["name"] for volume in pod.get("volumes") or ()]
    for name in repeated(each["name"] for each in everyone):
        yield f"two containers {name}"
    for name in repeated(volumes):
        yield f"two volumes {name}"
    for name in volumes:
        if not NAME.match(name) or len(name) > 63:
            yield f"{name!r} is no volume's name"
    for container in everyone:
        yield from of_container(container, volumes, container in (pod.get("initContainers") or ()))


def template_of(item):
    return (item.get("spec") or {}).get("template")


def problems(item):
    found = [*of_metadata(item)]
    if item["kind"] in ("ConfigMap", "Secret"):
        found += of_data(item)
    template = template_of(item)
    if template is not None:
        found += of_labels(template["metadata"].get("labels"), "the pod")
        found += of_pod(template["spec"])
    return found
