"""Makes a Python environment in a cache folder, for those who run the emulator from a checkout.

The packages are resolved as of a fixed date. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
RESOLVED_AS_OF = "2025-12-20"  # a few days after the release of the LocalStack version in pyproject.toml
UV = "uv==0.9.18"
PYTHONS = ((3, 13), (3, 12), (3, 11))


class Failure(Exception):
    """A problem that the user can probably fix."""



def cache_root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "localstack-fargate"


def emulator(say) -> Path:
    """The folder of the environment with the emulator's dependencies and those of its tests."""
    requirements = ["--requirements", str(PROJECT), "--extra", "test"]
    return environment("emulator", PROJECT.read_text(), requirements, RESOLVED_AS_OF, say)


def environment(name: str, pins: str, requirements: list[str], resolved_as_of: str, say) -> Path:
    """The folder of an environment; made on first use, by one process at a time. Other `pins`, another folder."""
    python, version = find_python()
    key = hashlib.sha256(" ".join([pins, resolved_as_of, version]).encode()).hexdigest()[:12]
    home = cache_root() / f"{name}-{key}"
    if (home / "complete").exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.parent / f"{home.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            say(f"installing {name} with Python {version} into {home} (once) ...")
            uv = find_uv(home)
            run([uv, "venv", "--quiet", "--no-project", "--python", python, str(home / "venv")])
            into = [uv, "pip", "install", "--quiet", "--python", str(home / "venv/bin/python")]
            run([*into, "--exclude-newer", resolved_as_of, *requirements])
            (home / "complete").touch()
    return home


def find_uv(home: Path) -> str:
    """uv from the PATH, if it works; else our own from PyPI."""
    for uv in on_path("uv"):
        if works([uv, "--version"]):
            return uv
    own = home / "uv"
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        run([sys.executable, "-m", "venv", str(own)])
        run([str(own / "bin/python"), *pip, UV])
    except Failure:  # Debian splits venv off
        try:
            run([sys.executable, *pip, "--target", str(own), UV])
        except Failure as failure:
            raise Failure(f"uv is needed to install LocalStack, and installing it failed\n{failure}") from None
    return str(own / "bin/uv")


def find_python() -> tuple[str, str]:
    """The newest supported Python that really runs, as (path, version). A pyenv shim that only complains is none."""
    check = "import sys, ssl, sqlite3, zlib, venv; print('%d.%d.%d' % sys.version_info[:3])"
    tried: dict[str, str] = {}
    for major, minor in PYTHONS:
        wanted = f"{major}.{minor}"
        for path in candidates(wanted):
            if path not in tried:
                tried[path] = works([path, "-c", check])
            if tried[path].startswith(f"{wanted}."):
                return path, tried[path]
    have = "".join(f"\n  {path}: {version or 'does not run'}" for path, version in tried.items())
    raise Failure(f"needs a working Python 3.13, 3.12 or 3.11 on the PATH; found:{have or ' none'}")


def candidates(version: str):
    """Paths that may be a Python of this version, the likeliest first."""
    yield from on_path(f"python{version}")
    yield from [sys.executable, *on_path("python3"), *on_path("python")]
    for uv in on_path("uv"):
        find = ["python", "find", "--no-python-downloads", "--python-preference", "only-managed", version]
        if found := works([uv, *find]):
            yield found


def on_path(name: str) -> list[str]:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return [str(Path(folder, name)) for folder in folders if folder and os.access(Path(folder, name), os.X_OK)]


def works(command: list[str]) -> str:
    """What the command prints, if it succeeds; else nothing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure(f"failed: {' '.join(command)}\n{done.stdout.strip()}")
