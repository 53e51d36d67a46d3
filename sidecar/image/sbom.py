"""Run while the image is built: says where all that is in it comes from.

What is in the image is looked at, not assumed: each file's package is the one that dpkg knows it of, and
what is linked into the program is what the linker's map says was taken from an archive. Each package's
copyright file goes into the image, and the whole as SPDX 2.3 to /usr/share/sbom/schemalatch.spdx.json.
Fails on a file of which nobody knows where it comes from.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

SBOM = "usr/share/sbom/schemalatch.spdx.json"
LEAN = Path("/opt/lean")  # see libraries.sh
MAINTAINERS = "Organization: The schemalatch maintainers"
NO_ASSERTION = "NOASSERTION"

# Files that are made here, of what comes from a package.
GENERATED = {"etc/ssl/certs/ca-certificates.crt": "ca-certificates"}
OURS = {"usr/bin/schemalatch", "etc/passwd", "etc/group", "etc/nsswitch.conf"}

# Of source packages whose copyright files are no machine's to read, or tell of more than is in the image.
LICENSES = {
    "ca-certificates": "MPL-2.0",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "schemalatch": "MIT",
}
SPDX_NAMES = {
    "Apache-2.0": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause",
    "Expat": "MIT", "GPL-2+": "GPL-2.0-or-later", "GPL-3+": "GPL-3.0-or-later", "ISC": "ISC",
    "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3+": "LGPL-3.0-or-later",
    "MIT": "MIT", "OpenLDAP-2.8": "OLDAP-2.8", "PostgreSQL": "PostgreSQL",
}


@dataclass
class Package:
    """A package that something in the image comes from."""
    name: str
    version: str
    source: str
    source_version: str
    architecture: str
    copyright: Path
    files: list = field(default_factory=list)  # in the image, by path from its root
    is_linked: bool = False  # into the program

    @property
    def id(self):
        return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", self.name)

    @property
    def purl(self):
        upstream = "" if self.name == self.source else f"&upstream={quote(self.source)}"
        return (f"pkg:deb/debian/{quote(self.name)}@{quote(self.version, safe='.-~')}"
                f"?arch={self.architecture}&distro=debian-12{upstream}")

    @property
    def license(self):
        return LICENSES.get(self.source) or main_license(self.copyright.read_text(encoding="utf-8"))


def main_license(copyright_text):
    """Of all files that are not named otherwise, where the text is machine-readable."""
    for paragraph in re.split(r"\n\s*\n", copyright_text):
        if re.search(r"^Files: *\*$", paragraph, re.M):
            found = re.search(r"^License: *(\S+)$", paragraph, re.M)
            return SPDX_NAMES.get(found[1], NO_ASSERTION) if found else NO_ASSERTION
    return NO_ASSERTION


# --- which package a file comes from ------------------------------------------------------------------

def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def names_of(path):
    """The names under which dpkg may know a file: it keeps those from before /lib became a link."""
    real = os.path.realpath(path)
    return real, real.removeprefix("/usr")


class Origins:
    """Every package that has been asked for, once each."""

    def __init__(self):
        self.packages = {}
        lines = (LEAN / "built").read_text().splitlines() if (LEAN / "built").exists() else []
        self._built = {path: (source, version) for path, source, version in map(str.split, lines)}

    def of_file(self, path):
        if path in self._built:
            return self._of_source(*self._built[path])
        for name in names_of(path):
            owner = output("dpkg-query", "-S", name).split(":")[0]
            if owner:
                return self.of_package(owner)
        raise SystemExit(f"sbom.py: {path} belongs to no package")

    def of_package(self, name):
        if name not in self.packages:
            shown = output("dpkg-query", "-W", "-f", "${Version} ${source:Package} ${source:Version}"
                           " ${Architecture}\n", name).splitlines()[0]
            copyright_file = Path(f"/usr/share/doc/{name}/copyright")
            self.packages[name] = Package(name, *shown.split(), copyright_file)
        return self.packages[name]

    def _of_source(self, name, version):
        if name not in self.packages:
            copyright_file = LEAN / "copyright" / name
            self.packages[name] = Package(name, version, name, version, "source", copyright_file)
        return self.packages[name]


def linked_files(linker_map):
    """The objects and archives, of those that are not ours, that the linker has taken something from."""
    text = linker_map.read_text(encoding="utf-8", errors="replace")
    archives = re.findall(r"^(/\S+\.a)\(", text, re.M)
    objects = re.findall(r"^LOAD (/\S+\.o)$", text, re.M)
    return sorted({os.path.normpath(path) for path in [*archives, *objects]})


def collect(root, linker_map, ours):
    """All packages, with the files that the image has of each."""
    origins = Origins()
    for path in linked_files(linker_map):
        origins.of_file(path).is_linked = True
    for path in files_in(root):
        if path in OURS:
            ours.files.append(path)
        elif path in GENERATED:
            origins.of_package(GENERATED[path]).files.append(path)
        else:
            origins.of_file(f"/{path}").files.append(path)
    return sorted(origins.packages.values(), key=lambda package: package.name)


def files_in(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def add_copyright(root, package):
    """The licences want their texts to go along."""
    path = f"usr/share/doc/{package.name}/copyright"
    (root / path).parent.mkdir(parents=True)
    shutil.copyfile(package.copyright, root / path)
    if path not in package.files:
        package.files.append(path)


# --- the document ----------------------------------------------------------------------------------------

def digest(kind, path):
    return hashlib.new(kind, path.read_bytes()).hexdigest()


def file_id(path):
    return "SPDXRef-File-" + re.sub(r"[^A-Za-z0-9.-]", "-", path)


def file_entry(root, path, package):
    return {
        "SPDXID": file_id(path), "fileName": f"./{path}", "copyrightText": NO_ASSERTION,
        "checksums": [{"algorithm": name.upper(), "checksumValue": digest(name, root / path)}
                      for name in ("sha1", "sha256")],
        "licenseConcluded": NO_ASSERTION,
        "licenseInfoInFiles": [NO_ASSERTION if path.endswith("/copyright") else package.license],
    }


def verification_code(root, package):
    """As SPDX defines it: over the sums of the package's files."""
    sums = sorted(digest("sha1", root / path) for path in package.files)
    code = {"packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest()}
    if package.name == "schemalatch":
        code["packageVerificationCodeExcludedFiles"] = [f"./{SBOM}"]
    return code


def package_entry(root, package):
    entry = {
        "SPDXID": package.id, "name": package.name, "versionInfo": package.version,
        "downloadLocation": NO_ASSERTION, "filesAnalyzed": True,
        "packageVerificationCode": verification_code(root, package),
        "licenseConcluded": NO_ASSERTION, "licenseDeclared": package.license,
        "licenseInfoFromFiles": [NO_ASSERTION], "copyrightText": NO_ASSERTION,
        "licenseComments": f"As /usr/share/doc/{package.name}/copyright says in full.",
    }
    if package.name == "schemalatch":
        return {**entry, "supplier": MAINTAINERS, "primaryPackagePurpose": "APPLICATION"}
    return {
        **entry, "supplier": "Organization: Debian", "primaryPackagePurpose": "LIBRARY",
        "sourceInfo": f"built from Debian's source package {package.source} {package.source_version}",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": package.purl}],
    }


def image_entry(version):
    return {
        "SPDXID": "SPDXRef-Image", "name": "schemalatch image", "versionInfo": version,
        "supplier": MAINTAINERS, "downloadLocation": NO_ASSERTION, "filesAnalyzed": False,
        "licenseConcluded": NO_ASSERTION, "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION, "primaryPackagePurpose": "CONTAINER",
    }


def relationships(ours, packages):
    program = file_id("usr/bin/schemalatch")
    yield "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"
    for package in (ours, *packages):
        yield "SPDXRef-Image", "CONTAINS", package.id
        for path in package.files:
            yield package.id, "CONTAINS", file_id(path)
            if ".so" in path:
                yield program, "DYNAMIC_LINK", file_id(path)
        if package.is_linked:
            yield program, "STATIC_LINK", package.id


def document(root, ours, packages):
    every = [ours, *packages]
    content = {
        "packages": [image_entry(ours.version), *(package_entry(root, each) for each in every)],
        "files": [file_entry(root, path, each) for each in every for path in each.files],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relationships(ours, packages)],
    }
    created = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    name = f"schemalatch-{ours.version}"
    mark = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": name, "documentNamespace": f"https://schemalatch.example/sbom/{name}-{mark}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": [MAINTAINERS, "Tool: schemalatch-sbom"]},
        **content,
    }


def main():
    parser = argparse.ArgumentParser(description="Writes the SBOM of the image laid out in a folder.")
    for option in ("root", "map", "source"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    options = parser.parse_args()
    root = options.root

    # As the program itself says: "schemalatch 0.1.0 (…".
    version = output(str(root / "usr/bin/schemalatch"), "version").split()[1]
    ours = Package("schemalatch", version, "schemalatch", version, "", options.source / "LICENSE")
    packages = collect(root, options.map, ours)
    for package in (ours, *packages):
        add_copyright(root, package)
    (root / SBOM).parent.mkdir(parents=True)
    text = json.dumps(document(root, ours, packages), indent=1)
    (root / SBOM).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
