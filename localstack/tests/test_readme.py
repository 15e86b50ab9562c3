"""The example of the README works as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.mark.row("README: its example", plain="absent")
def test_example(tmp_path, account):
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(example.replace("123456789012", account.id))
    run = subprocess.run([sys.executable, script], env=os.environ, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
