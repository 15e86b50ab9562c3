"""Runs the data steps and the TLS settings of the release files on real MongoDB and RabbitMQ servers."""

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import install


def isolated():
    """Network, mounts and processes of our own, so that no port is taken and nothing is left behind."""
    if os.environ.get("CE_REAL_ISOLATED"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"]
    environment = os.environ | {"CE_REAL_ISOLATED": "1"}
    sys.exit(subprocess.run([*command, sys.executable, *sys.argv], env=environment, check=False).returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="only these; the page is written when all have run")
    arguments = parser.parse_args()
    if not os.environ.get("CE_REAL_ISOLATED"):
        pass
    isolated()
    install.clients()
    import mongodb_scenarios

    scenarios = mongodb_scenarios.SCENARIOS
    try:
        import rabbitmq_scenarios
        scenarios = rabbitmq_scenarios.SCENARIOS | scenarios
    except ImportError: pass
    for name, scenario in scenarios.items():
        if arguments.scenarios and name not in arguments.scenarios: continue
        work = Path(tempfile.mkdtemp(prefix=f"ce-real-{name}-"))
        work.chmod(0o755)
        for result in scenario(work):
            print(name, f"{result.seconds:.0f}s", result.release, result.servers, result.what, flush=True)
        shutil.rmtree(work)

main()
