"""A certificate authority of the test's own, and server certificates signed by it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.processes import scratch_folder


def _openssl(*arguments, cwd):
    done = subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@dataclass
class Certificate:
    """A server's certificate with its key, and the authority to verify it by."""
    certificate_file: Path
    key_file: Path
    authority_file: Path


def make_certificate(*names):
    """A certificate for these DNS names (the first is also its CN), by an authority of its own."""
    folder = scratch_folder("certificates")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
             "-subj", "/CN=authority of the test", cwd=folder)
    _openssl("req", "-new", *curve, "-keyout", "server.key", "-out", "server.csr",
             "-subj", f"/CN={names[0]}", cwd=folder)
    alternatives = ",".join(f"DNS:{name}" for name in names)
    (folder / "extensions").write_text(f"subjectAltName={alternatives}\n", encoding="ascii")
    _openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", "server.crt",
             cwd=folder)
    return Certificate(folder / "server.crt", folder / "server.key", folder / "ca.crt")
