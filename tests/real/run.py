"""Runs the data steps and the TLS settings of the release files on real MongoDB and RabbitMQ servers."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import install
import report


def isolated():
    """A network, mounts and processes of our own, so that no port is taken and nothing is left running."""
    if os.environ.get("CE_REAL_ISOLATED"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"]
    environment = os.environ | {"CE_REAL_ISOLATED": "1"}
    sys.exit(subprocess.run([*command, sys.executable, *sys.argv], env=environment, check=False).returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="only these; the page is written when all have run")
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: it makes namespaces and runs servers as other users")
    if not os.environ.get("CE_REAL_ISOLATED"):
        install.everything()
    install.clients()
    import mongodb_scenarios
    import rabbitmq_scenarios

    scenarios = rabbitmq_scenarios.SCENARIOS | mongodb_scenarios.SCENARIOS
    if arguments.list:
        return print("\n".join(scenarios))
    wanted = arguments.scenarios or list(scenarios)
    unknown = set(wanted) - set(scenarios)
    if unknown:
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}")
    isolated()
    begin = time.monotonic()
    results = {name: _play(name, scenarios[name]) for name in wanted}
    if set(wanted) == set(scenarios):
        report.write(results, time.monotonic() - begin)
    print(f"{sum(map(len, results.values()))} passed, 0 failed")


def _play(name, scenario):
    """Every result of a scenario; its folder is left behind when it fails."""
    work = Path(tempfile.mkdtemp(prefix=f"ce-real-{name}-"))
    work.chmod(0o755)
    results = []
    try:
        for result in scenario(work):
            print(f"{name}: {result.release}: {result.servers}: {result.what} ({result.seconds:.0f} s)", flush=True)
            results.append(result)
    except BaseException:
        print(f"{name}: failed; logs and data are in {work}", file=sys.stderr)
        raise
    shutil.rmtree(work)
    return results


if __name__ == "__main__":
    main()
