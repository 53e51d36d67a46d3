"""A client of the API server, as plain as can be, and kubectl for what people do by it.

    api = Api(...)
    api.create(pod)                       # as the server stored it; api.warnings tells what it warned of
    api.create(pod, dry_run=True)
    api.get("pods", "app", namespace="default")
    with pytest.raises(Refused, match="…"): api.create(pod)
"""

import http.client
import json
import ssl
import subprocess
from urllib.parse import quote, urlencode

import yaml

from cluster.daemon import WORLD, program

PLURALS = {
    "Namespace": "namespaces", "Pod": "pods", "Secret": "secrets", "ConfigMap": "configmaps",
    "ServiceAccount": "serviceaccounts",
}
STRICT = {"fieldValidation": "Strict"}


class Refused(Exception):
    """The server's answer was an error; the text is what it said."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Api:
    def __init__(self, port, token):
        self.port = port
        self.token = token
        self.warnings = []

    # --- plain requests -------------------------------------------------------------------------

    def request(self, method, path, body=None, content_type="application/json", **parameters):
        """The parsed answer, or its text where that is all it is; raises Refused for what is not a success."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, context=ssl._create_unverified_context()
        )
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type,
                   "Accept": "application/json"}
        url = path + (f"?{urlencode(parameters)}" if parameters else "")
        try:
            connection.request(method, url, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
            is_json = answer.headers.get_content_type() == "application/json"
            self.warnings = answer.headers.get_all("Warning") or []
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(answer.status, _message(text))
        return json.loads(text) if is_json else text

    def answers(self):
        try:
            return self.request("GET", "/readyz") == "ok"
        except (OSError, Refused):
            return False

    # --- objects of the core group --------------------------------------------------------------

    def _path(self, plural, namespace, name=None):
        scope = "" if plural in ("namespaces", "nodes") else f"/namespaces/{namespace}"
        return f"/api/v1{scope}/{plural}" + (f"/{quote(name)}" if name else "")

    def create(self, thing, namespace="default", dry_run=False):
        """Unknown and repeated fields are errors."""
        parameters = {**STRICT, **({"dryRun": "All"} if dry_run else {})}
        path = self._path(PLURALS[thing["kind"]], namespace)
        return self.request("POST", path, {"apiVersion": "v1", **thing}, **parameters)

    def get(self, plural, name, namespace="default"):
        return self.request("GET", self._path(plural, namespace, name))

    def list(self, plural, namespace="default", **parameters):
        return self.request("GET", self._path(plural, namespace), **parameters)["items"]

    def exists(self, plural, name, namespace="default"):
        try:
            return bool(self.get(plural, name, namespace))
        except Refused as refused:
            if refused.code == 404:
                return False
            raise

    def replace(self, plural, thing, namespace="default"):
        name = thing["metadata"]["name"]
        return self.request("PUT", self._path(plural, namespace, name), thing, **STRICT)

    def patch(self, plural, name, changes, namespace="default"):
        return self.request(
            "PATCH", self._path(plural, namespace, name), changes, "application/merge-patch+json"
        )

    def delete(self, plural, name, namespace="default", **parameters):
        self.request("DELETE", self._path(plural, namespace, name), **parameters)

    def logs(self, pod, container, namespace="default"):
        return self.request("GET", self._path("pods", namespace, pod) + "/log", container=container)

    # --- as people do ---------------------------------------------------------------------------

    def write_kubeconfig(self, path, namespace="default"):
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "tests",
            "clusters": [{"name": "tests", "cluster": {
                "server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "tests", "user": {"token": self.token}}],
            "contexts": [{"name": "tests", "context": {
                "cluster": "tests", "user": "tests", "namespace": namespace}}],
        }))
        return path

    def kubectl(self, *arguments, input=None, namespace="default"):
        """What kubectl printed; raises Refused with what it complained of. namespace is for what names none."""
        config = self.write_kubeconfig(WORLD / "kubeconfig", namespace)
        done = subprocess.run(
            [program("kubectl"), f"--kubeconfig={config}", f"--cache-dir={WORLD / 'kubectl'}", *arguments],
            input=input, capture_output=True, text=True, check=False, timeout=60,
        )
        if done.returncode:
            raise Refused(done.returncode, done.stderr)
        return done.stdout + done.stderr


def _message(text):
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text
