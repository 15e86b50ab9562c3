"""LocalStack with the emulator loaded: `python -m localstack_fargate.server`. Started by `runner`, it ends when that
does."""

import os
import sys
import threading

from localstack_fargate.startup import install


def _end_with_stdin() -> None:
    """Standard input is a pipe of `runner`, which closes it by ending, however it ends."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    if os.environ.get("EMULATOR_INSTANCE"):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    install()

    from localstack.runtime.main import main

    main()
