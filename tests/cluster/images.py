"""Images without a registry: OCI archives of files that are here, for `ctr images import`."""

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path

# Debian's static one, with what the tests' pods call.
BUSYBOX_FILES = {"/bin/busybox": "/bin/busybox"}
BUSYBOX_LINKS = {f"/bin/{name}": "busybox" for name in ("sh", "sleep", "wget", "cp")}


def _layer(files, links):
    """An uncompressed tar of {path in the image: file here or bytes}, and of {path: target}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in sorted({str(p) for path in [*files, *links] for p in Path(path).parents} - {".", "/"}):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, source in files.items():
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
            executable = not isinstance(source, bytes)
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o755 if executable else 0o644
            tar.addfile(entry, io.BytesIO(content))
        for path, target in links.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return buffer.getvalue()


def write_archive(archive, name, files, *, links=None, command=(), user="65532:65532", environment=()):
    """An archive at that path of an image of that name, with one layer; command is its entry point."""
    layer = _layer(files, links or {})
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    blobs = {digest: layer}

    def blob(content, media_type):
        data = json.dumps(content).encode()
        key = f"sha256:{hashlib.sha256(data).hexdigest()}"
        blobs[key] = data
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": key, "size": len(data)}

    config = blob({
        "architecture": "amd64", "os": "linux",
        "config": {"User": user, "Entrypoint": list(command), "Env": ["PATH=/usr/bin:/bin", *environment]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }, "config.v1+json")
    manifest = blob({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest,
                    "size": len(layer)}],
    }, "manifest.v1+json")
    manifest["annotations"] = {"io.containerd.image.name": name}
    index = {"schemaVersion": 2, "manifests": [manifest]}
    entries = {"oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
               "index.json": json.dumps(index).encode()}
    entries |= {f"blobs/{key.replace(':', '/')}": data for key, data in blobs.items()}
    with tarfile.open(archive, "w") as tar:
        for path, data in entries.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime = len(data), int(time.time())
            tar.addfile(entry, io.BytesIO(data))
    return archive
