"""What is in the image, and that it says so itself: files, configuration, SBOM, sizes."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest

from support.container import image, inspect, root_of, run_image, succeed, tool
from support.processes import scratch_folder

PROJECT = Path(__file__).parents[2]
VARIANTS = ("lean", "debian")
COMPRESSED_LIMIT = 10_000_000
SBOM = "usr/share/sbom/schemalatch.spdx.json"
LOADERS = {"x86_64-linux-gnu": "lib64/ld-linux-x86-64.so.2",
           "aarch64-linux-gnu": "lib/ld-linux-aarch64.so.1"}
MACHINE = sysconfig.get_config_var("MULTIARCH")

# Whose copyright files go along: of what is linked into the program, and of what is a file.
LINKED = {"cjson", "libc6-dev", "libevent-dev", "libexpat1-dev", "libgcc-12-dev", "libssl-dev",
          "libyaml-dev", "postgresql-15"}
COPIED = {"ca-certificates", "libc6", "schemalatch"}
FILES = {
    "usr/bin/schemalatch",
    LOADERS[MACHINE],
    f"lib/{MACHINE}/libc.so.6",
    "etc/group", "etc/nsswitch.conf", "etc/passwd",
    "etc/ssl/certs/ca-certificates.crt",
    SBOM,
    *(f"usr/share/doc/{name}/copyright" for name in LINKED | COPIED),
}
PROGRAMS = {"usr/bin/schemalatch", LOADERS[MACHINE]}
TEXTS = {
    "etc/passwd": "schemalatch:x:65532:65532:schemalatch:/nonexistent:/nonexistent\n",
    "etc/group": "schemalatch:x:65532:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def entries(variant="lean"):
    """Everything below the root of the image, by path from there."""
    root = root_of(image(variant))
    return {str(path.relative_to(root)): path for path in root.rglob("*")}


def files(variant="lean"):
    return {name: path for name, path in entries(variant).items() if not path.is_dir()}


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def sbom(variant):
    return json.loads(files(variant)[SBOM].read_text())


# --- files ------------------------------------------------------------------------------------------

def test_nothing_else_is_in_it():
    assert set(files()) == FILES


def test_no_folder_is_there_for_nothing():
    wanted = {str(parent) for name in FILES for parent in Path(name).parents} - {"."}
    assert set(entries()) - set(files()) == wanted


def test_all_belongs_to_root_and_only_root_may_write(variant):
    for name, path in entries(variant).items():
        found = path.lstat()
        assert (found.st_uid, found.st_gid) == (0, 0), name
        runs = stat.S_ISDIR(found.st_mode) or name in PROGRAMS
        assert stat.S_IMODE(found.st_mode) == (0o755 if runs else 0o644), name


def test_programs_are_two_and_no_shell(variant):
    assert {name for name, path in files(variant).items() if os.access(path, os.X_OK)
            and path.stat().st_mode & 0o111} == PROGRAMS
    for shell in ("/bin/sh", "sh", "/bin/bash", "/bin/busybox"):
        result = run_image(image(variant), options=(f"--entrypoint={shell}",))
        assert result.code in (126, 127), (shell, result)


def test_small_files_hold_what_they_should():
    assert {name: files()[name].read_text() for name in TEXTS} == TEXTS
    assert files()["etc/ssl/certs/ca-certificates.crt"].read_text().count("BEGIN CERTIFICATE") > 100


def headers(*options):
    return subprocess.check_output(["readelf", "-W", *options, files()["usr/bin/schemalatch"]], text=True)


def test_the_program_needs_the_C_library_alone():
    assert re.findall(r"\(NEEDED\).*\[(.*)\]", headers("-d")) == ["libc.so.6"]


def test_the_program_is_hardened():
    """At an address that nobody knows, and with all that is resolved at the start read-only since."""
    assert "DYN (Position-Independent Executable" in headers("-h")
    assert "GNU_RELRO" in headers("-l")
    assert "BIND_NOW" in headers("-d")
    assert re.search(r"GNU_STACK.* RW +0x", headers("-l"))
    assert {"__stack_chk_fail", "__memcpy_chk"} <= set(re.findall(r"(\w+)@GLIBC", headers("--dyn-syms")))


def test_the_compressed_image_is_small():
    folder = scratch_folder("pushed") / "image"
    succeed("buildah", "push", "-q", image(), f"oci:{folder}")
    size = sum(path.stat().st_size for path in (folder / "blobs/sha256").iterdir())
    assert size <= COMPRESSED_LIMIT, f"{size} bytes"


# --- configuration ----------------------------------------------------------------------------------

def said_in(file, pattern):
    return re.search(pattern, (PROJECT / file).read_text(encoding="utf-8"))[1]


VERSION = said_in("CMakeLists.txt", r"project\(schemalatch VERSION ([0-9.]+)")


def test_it_is_configured_as_pods_need_it(variant):
    config = inspect(image(variant))["config"]
    assert config["User"] == "65532:65532", "numbers: a name cannot be told from root"
    assert config["Entrypoint"] == ["/usr/bin/schemalatch"]
    assert config["Cmd"] == ["serve"]
    assert config["Env"] == ["PATH=/usr/bin"]
    assert set(config["ExposedPorts"]) == {"8484/tcp"}


def test_its_labels_say_what_it_is():
    labels = inspect(image())["config"]["Labels"]
    prefix = "org.opencontainers.image."
    found = {key.removeprefix(prefix): value for key, value in labels.items() if key.startswith(prefix)}
    assert found == {
        "title": "schemalatch",
        "description": said_in("CMakeLists.txt", 'DESCRIPTION "([^"]*)"'),
        "version": VERSION,
        "revision": os.environ["SCHEMALATCH_REVISION"],
        "source": "https://schemalatch.example/source",
        "vendor": "The schemalatch maintainers",
        "licenses": "MIT",
    }


def test_built_by_hand_it_has_the_same_version():
    assert said_in("sidecar/Dockerfile", r"ARG VERSION=(\S+)") == VERSION


def test_the_program_says_the_same():
    version, revision, libpq = re.match(r"schemalatch (\S+) \((\S+), libpq (\S+)\)",
                                        run_image(image(), "version").out).groups()
    labels = inspect(image())["config"]["Labels"]
    assert version == labels["org.opencontainers.image.version"]
    assert revision == labels["org.opencontainers.image.revision"]
    package, = [p for p in document("lean")["packages"] if p["name"] == "postgresql-15"]
    assert package["versionInfo"].startswith(f"{libpq}-")


# --- the same again -----------------------------------------------------------------------------------

def pushed_digest(name):
    """Of the manifest that a registry would be given: over the configuration and the compressed layers."""
    folder = scratch_folder("pushed") / "image"
    succeed("buildah", "push", "-q", name, f"oci:{folder}")
    return json.loads((folder / "index.json").read_text())["manifests"][0]["digest"]


def test_built_again_from_nothing_it_is_the_same_byte_for_byte():
    assert pushed_digest(os.environ["SCHEMALATCH_IMAGE_AGAIN"]) == pushed_digest(image())


def test_all_its_times_are_of_the_commit():
    epoch = int(os.environ["SCHEMALATCH_EPOCH"])
    assert {path.lstat().st_mtime for path in entries().values()} == {epoch}


# --- SBOM -------------------------------------------------------------------------------------------

def document(variant):
    return json.loads(files(variant)[SBOM].read_text())


def related(sbom, kind):
    return {(each["spdxElementId"], each["relatedSpdxElement"]) for each in sbom["relationships"]
            if each["relationshipType"] == kind}


def test_an_independent_reader_finds_it_valid(variant):
    reader = os.environ["SCHEMALATCH_SPDX_READER"]
    result = tool(reader, "--infile", files(variant)[SBOM])
    assert result.code == 0, result.out + result.err


def test_the_reader_would_find_what_is_wrong(tmp_path):
    broken = document("lean")
    del broken["packages"][1]["downloadLocation"]
    (tmp_path / "broken.spdx.json").write_text(json.dumps(broken))
    assert tool(os.environ["SCHEMALATCH_SPDX_READER"], "--infile", tmp_path / "broken.spdx.json").code != 0


def test_each_file_is_accounted_for_with_its_sum(variant, sbom):
    """But for the SBOM, which cannot hold its own sum, and is named as left out."""
    listed = {entry["fileName"].removeprefix("./"): {c["algorithm"]: c["checksumValue"]
              for c in entry["checksums"]} for entry in sbom["files"]}
    assert set(listed) == set(files(variant)) - {SBOM}
    for name, sums in listed.items():
        content = files(variant)[name].read_bytes()
        assert sums == {"SHA1": hashlib.sha1(content).hexdigest(),
                        "SHA256": hashlib.sha256(content).hexdigest()}, name
    ours, = [p for p in sbom["packages"] if p["name"] == "schemalatch"]
    assert ours["packageVerificationCode"]["packageVerificationCodeExcludedFiles"] == [f"./{SBOM}"]


def test_each_file_is_of_one_package(sbom):
    owners = [file for package, file in related(sbom, "CONTAINS") if file.startswith("SPDXRef-File")]
    assert sorted(owners) == sorted(entry["SPDXID"] for entry in sbom["files"])


def test_each_package_has_a_version_a_source_and_a_licence_text(variant, sbom):
    for package in sbom["packages"]:
        if package["name"] in ("schemalatch", "schemalatch image"):
            continue
        assert re.search(r"source package \S+ \S+$", package["sourceInfo"]), package
        purl = package["externalRefs"][0]["referenceLocator"]
        assert purl.startswith(f"pkg:deb/debian/{package['name']}@"), purl
        assert f"usr/share/doc/{package['name']}/copyright" in files(variant)


TOLD_BY_ITSELF = {
    "libc6": (f"lib/{MACHINE}/libc.so.6", rb"Debian GLIBC (\S+)\)"),
    "libevent-dev": ("usr/bin/schemalatch", rb"\0(2\.[0-9.]+-stable)\0"),
    "libexpat1-dev": ("usr/bin/schemalatch", rb"\0expat_([0-9.]+)\0"),
}


def test_versions_are_those_that_the_files_tell():
    versions = {package["name"]: package["versionInfo"] for package in document("lean")["packages"]}
    for name, (file, pattern) in TOLD_BY_ITSELF.items():
        told = re.search(pattern, files()[file].read_bytes())[1].decode("ascii")
        assert versions[name].startswith(told), (name, versions[name], told)


def test_a_file_of_unknown_origin_ends_the_build(tmp_path):
    """The tool itself, on a folder with a file too many."""
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    shutil.copy(files()["usr/bin/schemalatch"], tmp_path / "root/usr/bin")
    (tmp_path / "root/stowaway").touch()
    (tmp_path / "map").touch()
    result = tool("/usr/bin/python3", PROJECT / "sidecar/image/sbom.py", "--root", tmp_path / "root",
                  "--map", tmp_path / "map", "--source", PROJECT)
    assert (result.code, result.err) == (1, "sbom.py: /stowaway belongs to no package\n")


def test_what_is_linked_into_the_program_is_named(sbom, variant):
    names = {package["SPDXID"]: package["name"] for package in sbom["packages"]}
    linked = {names[package] for _, package in related(sbom, "STATIC_LINK")}
    assert linked == (LINKED if variant == "lean" else {"libc6-dev", "libgcc-12-dev"})


def test_licences_are_known_where_all_is_linked_in():
    declared = {package["name"]: package["licenseDeclared"] for package in document("lean")["packages"]}
    del declared["schemalatch image"]
    assert declared == {
        "ca-certificates": "MPL-2.0", "cjson": "MIT", "libc6": "LGPL-2.1-or-later",
        "libc6-dev": "LGPL-2.1-or-later", "libevent-dev": "BSD-3-Clause", "libexpat1-dev": "MIT",
        "libgcc-12-dev": "GPL-3.0-or-later WITH GCC-exception-3.1", "libssl-dev": "Apache-2.0",
        "libyaml-dev": "MIT", "postgresql-15": "PostgreSQL", "schemalatch": "MIT",
    }


def test_the_SBOM_can_be_had_without_the_image():
    mounted = root_of(os.environ["SCHEMALATCH_IMAGE_SBOM"])
    assert [path.name for path in mounted.rglob("*")] == [Path(SBOM).name]
    assert (mounted / Path(SBOM).name).read_bytes() == files()[SBOM].read_bytes()
