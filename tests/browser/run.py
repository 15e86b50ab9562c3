"""Drives a real browser through `ce-aws open`: `localstack/with python3 tests/browser/run.py CE_AWS`.

Deploys on the emulator, opens tunnels, and lets a headless Chromium load the page behind the emulated agent, which
fetches, uploads and speaks over a WebSocket, and says in its title how that went. Ends with 0 if all of it works.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PLAN = 'name = "browser"\nrelease = "5.0.0"\nregion = "us-east-1"\n[load_balancer]\nenabled = false\n'
RUNS = {
    "a good connection": {},
    "two lost connections": {"cut_after": [1500, 1500]},
    "loss, repetition, reordering": {"drop": 0.002, "duplicate": 0.05, "reorder": 0.05},
}
PATIENCE = 600


def main() -> int:
    program = Path(sys.argv[1]).resolve()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium: on Debian, `apt-get install chromium`")
    print(subprocess.run([chromium, "--version"], capture_output=True, text=True).stdout.strip())
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(PLAN)
        # A fast clock deploys; a slow one leaves idle sessions alone.
        control("clock", {"scale": 60})
        environment = os.environ | {"CE_AWS_TIME_SCALE": "60"}
        subprocess.run([program, "apply", plan, "--yes", "--quiet"], check=True, stdout=subprocess.DEVNULL, env=environment)
        control("clock", {"scale": 1})
        return max(run(program, plan, chromium, name, rule) for name, rule in RUNS.items())


def run(program: Path, plan: Path, chromium: str, name: str, rule: dict) -> int:
    control("ports", rule)
    words = [program, "open", plan, "--local-port", "0", "--output", "json"]
    tunnel = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    listening = json.loads(tunnel.stdout.readline())
    began = time.monotonic()
    title = visit(chromium, listening["address"] + "/")
    took = time.monotonic() - began
    tunnel.send_signal(signal.SIGINT)
    events = [json.loads(line)["code"] for line in tunnel.stdout]
    code = tunnel.wait()
    print(f"{name}: {title} ({took:.1f} s); events {events}, exit code {code}")
    cuts = len(rule.get("cut_after", []))
    as_expected = events.count("resumed") == cuts and events[-1] == "closed" and code == 0
    return 0 if title.startswith("all is well") and as_expected else 1


def visit(chromium: str, address: str) -> str:
    """The title that the page has in the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-proxy-server"]
        quiet = subprocess.DEVNULL
        browser = subprocess.Popen([chromium, *options, address], stdout=quiet, stderr=quiet)
        try:
            title, end = "nothing was loaded", time.monotonic() + PATIENCE
            while time.monotonic() < end:
                time.sleep(0.2)
                port = Path(profile) / "DevToolsActivePort"
                if not port.exists() or not port.read_text().strip():
                    continue
                pages = get(f"http://127.0.0.1:{port.read_text().split()[0]}/json/list")
                title = next((page["title"] for page in pages if page["url"] == address), title)
                if title.startswith(("all is well", "failed")):
                    break
            return title
        finally:
            browser.terminate()
            browser.wait()


def control(what: str, body: dict) -> None:
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_emulator/{os.environ['AWS_ACCESS_KEY_ID']}/{what}"
    get(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}))


def get(what) -> object:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(what, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
