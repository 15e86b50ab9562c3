"""RabbitMQ of exactly one version, from the tag of its repository.

What it needs from Erlang's package registry comes from Debian's source package of RabbitMQ, which contains it, with
the sources of those libraries replaced by the tag that this RabbitMQ names. Only the broker, the management plug-in
and the command line tools are made. The rest of a release (the other plug-ins) is not needed here.
"""

import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

# Where the repositories are: a URL or a folder, for `git archive`.
GIT = os.environ.get("CE_REAL_GIT", "https://github.com/{owner}/{name}")

SERVER = "rabbitmq/rabbitmq-server"
LIBRARIES = {
    "aten": "rabbitmq/aten",
    "cowboy": "ninenines/cowboy",
    "cowlib": "ninenines/cowlib",
    "credentials_obfuscation": "rabbitmq/credentials-obfuscation",
    "cuttlefish": "Kyorai/cuttlefish",
    "gen_batch_server": "rabbitmq/gen-batch-server",
    "horus": "rabbitmq/horus",
    "jose": "potatosalad/erlang-jose",
    "khepri": "rabbitmq/khepri",
    "khepri_mnesia_migration": "rabbitmq/khepri_mnesia_migration",
    "observer_cli": "zhongwencool/observer_cli",
    "osiris": "rabbitmq/osiris",
    "ra": "rabbitmq/ra",
    "ranch": "ninenines/ranch",
    "recon": "ferd/recon",
    "redbug": "massemanet/redbug",
    "seshat": "rabbitmq/seshat",
    "sysmon_handler": "rabbitmq/sysmon-handler",
    "thoas": "lpil/thoas",
}
# Taken as Debian has them.
VENDORED = ["base64url", "csv", "enough", "getopt", "json", "stdout_formatter", "syslog", "systemd"]
PLUGINS = ["rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_web_dispatch", "amqp_client", "oauth2_client"]
OWN = ["rabbit", "rabbit_common", "rabbitmq_prelaunch", "amqp10_common", *PLUGINS]

# The Elixir libraries are compiled by hand: their own build asks Erlang's package registry for tools that only their
# tests need.
ELIXIR = r"""
for name in csv json; do (
    cd deps/$name && mkdir -p ebin && elixirc -o ebin $(find lib -name '*.ex') &&
    modules=$(ls ebin/*.beam | sed "s,ebin/\(.*\).beam,'\1'," | paste -sd,) &&
    printf '{application,%s,[{vsn,"1"},{description,""},{modules,[%s]},{registered,[]},%s]}.\n' "$name" "$modules" \
        '{applications,[kernel,stdlib,elixir]}' > ebin/$name.app
) || exit 1; done
"""


class Repository:
    """A git repository, cloned once where it is not a folder."""

    def __init__(self, name, cache):
        owner, short = name.split("/")
        place = GIT.format(owner=owner, name=short)
        if "://" in place:
            clone = cache / "git" / f"{owner}+{short}"
            if not clone.exists():
                subprocess.run(["git", "clone", "--quiet", "--bare", place, str(clone)], check=True)
            place = str(clone)
        self.place = place

    def git(self, *arguments):
        return subprocess.run(["git", "-C", self.place, *arguments], capture_output=True, check=True).stdout

    def tag(self, version):
        tags = self.git("tag").decode().split()
        return next((tag for tag in (f"v{version}", version) if tag in tags), None)

    def file(self, ref, path):
        try:
            return self.git("show", f"{ref}:{path}").decode()
        except subprocess.CalledProcessError:
            return ""

    def extract(self, ref, folder, paths=()):
        there = self.git("ls-tree", "--name-only", ref).decode().split()
        data = self.git("archive", ref, *[path for path in paths if path in there])
        folder.mkdir(parents=True, exist_ok=True)
        tarfile.open(fileobj=io.BytesIO(data)).extractall(folder, filter="fully_trusted")


def _versions(server, tag, cache):
    """Which library in which version this RabbitMQ wants."""
    names = ["rabbit", "rabbit_common", "rabbitmq_prelaunch", "rabbitmq_cli"]
    text = "".join(server.file(tag, p) for p in ["rabbitmq-components.mk", *[f"deps/{n}/Makefile" for n in names]])
    wanted = dict(re.findall(r"^dep_(\w+) = (?:hex|git \S+) v?(\S+)", text, re.M))
    ra = Repository(LIBRARIES["ra"], cache).file(f"v{wanted['ra']}", "Makefile")
    for name, version in re.findall(r"^dep_(\w+) = hex (\S+)", ra, re.M):
        wanted.setdefault(name, version)
    wanted.setdefault("cuttlefish", "3.1.0")
    return wanted


def _library(name, folder, version, cache):
    repository = Repository(LIBRARIES[name], cache)
    tag = version and repository.tag(version)
    if not tag:  # a version that was published without a tag: Debian's is near enough
        return
    for part in ("src", "include", "priv"):
        shutil.rmtree(folder / part, ignore_errors=True)
    own_build = LIBRARIES[name].startswith("ninenines/")
    repository.extract(tag, folder, ["src", "include", "priv", *(["Makefile"] if own_build else [])])
    if own_build:
        (folder / "erlang.mk").write_text("include $(ERLANG_MK_FILENAME)\n")
    for file in (folder / "src").glob("*.app.src"):
        text = file.read_text()
        if not re.search(r"{\s*modules\s*,", text):
            text = re.sub(r"{\s*vsn\s*,", "{modules, []},\n  {vsn,", text, count=1)
        file.write_text(text)


def _without_hex(tree):
    for name, module in (("csv", "CSV"), ("json", "JSON")):
        folder = tree / "deps" / name
        (folder / "rabbitmq-mix.mk").unlink(missing_ok=True)
        (folder / "Makefile").write_text("all app noop:\n\t@:\n")
        (folder / "mix.exs").write_text(
            f"defmodule {module}.Plain do\n  use Mix.Project\n"
            f'  def project, do: [app: :{name}, version: "1.0.0", deps: []]\n  def application, do: []\nend\n'
        )
    for name in ("observer_cli", "stdout_formatter", "recon"):
        for file in ("rebar.config", "rebar.config.script", "rebar.lock", "mix.exs", "mix.lock"):
            (tree / "deps" / name / file).unlink(missing_ok=True)


def build(version, root, vendored, cache):
    """Makes `cache/rabbitmq/<version>` with plugins, sbin and escript, unless it is there."""
    done = cache / "rabbitmq" / version
    if done.exists():
        return done
    server = Repository(SERVER, cache)
    tag = server.tag(version)
    tree = cache / "build" / version
    shutil.rmtree(tree, ignore_errors=True)
    server.extract(tag, tree)
    wanted = _versions(server, tag, cache)
    for name in [*VENDORED, *LIBRARIES]:
        folder = tree / "deps" / name
        shutil.copytree(vendored / "deps" / name, folder)
        if name in LIBRARIES:
            _library(name, folder, wanted.get(name), cache)
    _without_hex(tree)
    makefile = tree / "erlang.mk"  # file:pid2name/1 is gone from Erlang 27, and was only used for a message
    makefile.write_text(makefile.read_text().replace("{ok, Filename} = file:pid2name(Fd),", 'Filename = "",'))
    command_line = tree / "deps" / "rabbitmq_cli" / "mix.exs"
    linter = re.compile(r"^DEP_PLUGINS \+= elvis_mk\n|(?<=rabbit_common) elvis_mk$", re.M)
    for file in tree.glob("deps/*/Makefile"):
        file.write_text(linter.sub("", file.read_text()))
    text = re.sub(r'elixir: ">= [^"]*"', 'elixir: ">= 1.13.0"', command_line.read_text())
    command_line.write_text(re.sub(r'^\s*{:\w+, "~>[^}]*only: :test[^}]*},\n', "", text, flags=re.M))
    make = f"make -C deps/rabbitmq_management DEPS_DIR=/build/deps RABBITMQ_VERSION={version}"
    script = f"mount --bind {tree} {root}/build && exec chroot {root} sh -ec 'cd /build; . ./with-elixir.sh; {make}'"
    (root / "build").mkdir(exist_ok=True)
    (tree / "with-elixir.sh").write_text(ELIXIR)
    log = cache / "build" / f"{version}.log"
    with log.open("wb") as out:
        environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", "LANG": "C.UTF-8"}
        if version.startswith("3."):  # a type of theirs is named `maybe`, which Erlang 27 made a keyword
            environment["ERL_COMPILER_OPTIONS"] = "[{feature,maybe_expr,disable}]"
        command = ["unshare", "--mount", "sh", "-ec", script]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, check=True)
    _install(tree, version, done)
    shutil.rmtree(tree)
    return done


def _install(tree, version, done):
    """The layout of the generic-unix package, with the settings of the official image."""
    part = done.with_name(done.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for name in [*LIBRARIES, *VENDORED, *OWN]:
        source = tree / "deps" / name
        if not source.exists():
            source = tree / "deps" / "rabbit" / "apps" / name  # where it was before 3.13
        if name in ("csv", "json") or not (source / "ebin" / f"{name}.app").exists():
            continue
        vsn = re.search(r'{\s*vsn\s*,\s*"([^"]+)"', (source / "ebin" / f"{name}.app").read_text())[1]
        for folder in ("ebin", "priv"):
            if (source / folder).exists():
                shutil.copytree(source / folder, part / "plugins" / f"{name}-{vsn}" / folder)
    shutil.copytree(tree / "deps" / "rabbitmq_cli" / "escript", part / "escript")
    scripts = tree / "deps" / "rabbit" / "scripts"
    shutil.copytree(scripts, part / "sbin", ignore=shutil.ignore_patterns("*.bat"))
    for file in (part / "sbin").iterdir():
        file.chmod(0o755)
    defaults = part / "sbin" / "rabbitmq-defaults"
    defaults.write_text(re.sub(r"^SYS_PREFIX=.*$", "SYS_PREFIX=", defaults.read_text(), flags=re.M))
    part.rename(done)
