"""Runs the probe against the bed and against plain LocalStack: `python localstack/probe/report.py [pytest arguments]`.

Exits with 0 only if every behaviour holds on the bed, and every test fails or passes on plain LocalStack as it is marked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_PASSED_ON = ("AWS_ENDPOINT_URL", "CE_BED_PYTHON")


def run(bare: bool, arguments: list[str]) -> tuple[int, dict[str, int]]:
    """Exit code and counts of one run on a server of its own."""
    with tempfile.NamedTemporaryFile(suffix=".json") as counts:
        env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        env["CE_PROBE_COUNTS"] = counts.name
        # sh, because the Python of the environment is known only inside
        command = [str(HERE.parent / "with"), *(["--bare"] if bare else []), "sh", "-c"]
        command += ['exec "$CE_BED_PYTHON" -m pytest -n 2 --tb=short "$@"', "sh", *(arguments or [str(HERE)])]
        code = subprocess.run(command, env=env).returncode
        text = Path(counts.name).read_text()
        return code, json.loads(text) if text else {}


def main(arguments: list[str]) -> int:
    taught_code, taught = run(False, arguments)
    plain_code, plain = run(True, arguments)
    mismatches = sum(counts.get(kind, 0) for counts in (taught, plain) for kind in ("failed", "error"))
    good = taught_code == plain_code == 0 and not mismatches and taught.get("passed")
    print(
        f"probe: {'OK' if good else 'FAILED'}: {taught.get('passed', 0)} hold on the bed; on plain LocalStack "
        f"{plain.get('xfailed', 0)} fail and {plain.get('passed', 0)} pass as marked, {plain.get('skipped', 0)} are absent; "
        f"{mismatches} mismatches"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
