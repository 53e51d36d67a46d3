"""Objects held against Kubernetes' own OpenAPI documents, and those of Prometheus's operator, strictly:
what a schema does not name is an error, as for a server that is asked to validate.

    problems(object, "1.36.3")     # [] or lines for people
"""

import functools
import json

import yaml
from jsonschema import Draft202012Validator, RefResolver

from charts.helm import kube_folder

PREFIX = "#/components/schemas/"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def strict(schema):
    """The same schema, closed: an object that names its properties has no others. Where Kubernetes
    takes a number for a text (or the other way round), its documents say so by a format."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items() if key != "default"}
    if closed.pop("x-kubernetes-int-or-string", False):
        closed.pop("type", None)
    has_names = isinstance(schema.get("properties"), dict) and "type" in schema
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if has_names and not open_ended:
        closed["additionalProperties"] = False
    return closed


@functools.cache
def documents(version):
    """All OpenAPI documents of a release: strict, and what each is a schema of."""
    found = [strict(json.loads(path.read_text(encoding="utf-8")))
             for path in sorted((kube_folder() / version).glob("*.json"))]
    assert found, f"no schemas of Kubernetes {version}"
    return found


@functools.cache
def kinds(version):
    """(apiVersion, kind) -> (document, name of the schema)."""
    table = {}
    for document in documents(version):
        for name, schema in document["components"]["schemas"].items():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                api = "/".join(filter(None, (kind["group"], kind["version"])))
                table[api, kind["kind"]] = document, name
    return table


@functools.cache
def custom_kinds():
    """(apiVersion, kind) -> schema, of the definitions that the operator brings."""
    table = {}
    for path in sorted((kube_folder() / "operator").glob("*.yaml")):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"$ref": PREFIX + OBJECT_META}
            table[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    assert table, "no definitions of the operator"
    return table


def schema_of(item, version):
    """The document that references are resolved in, and the schema."""
    key = item.get("apiVersion"), item.get("kind")
    if key in custom_kinds():
        document, _ = kinds(version)["v1", "ConfigMap"]
        return document, custom_kinds()[key]
    assert key in kinds(version), f"no schema of {key} in Kubernetes {version}"
    document, name = kinds(version)[key]
    return document, {"$ref": PREFIX + name}


def problems(item, version):
    document, schema = schema_of(item, version)
    validator = Draft202012Validator(schema, resolver=RefResolver("", document))
    return sorted(f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                  for error in validator.iter_errors(item))
