"""The command line: `localstack-fargate run -- COMMAND...` or `python -m localstack_fargate run -- COMMAND...`.

The command gets the emulator's endpoint, us-east-1, dummy credentials and EMULATOR_PYTHON, a Python with boto3.
AWS_ACCESS_KEY_ID is the account: 000000000000 unless twelve other digits are set. EMULATOR_TIME_SCALE, 12 unless set,
says how many times faster than AWS the emulator runs. With AWS_ENDPOINT_URL set already, nothing is started and the
command runs as it is.
"""

import argparse
import os
import sys

from localstack_fargate import runner


def main(arguments: list[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="localstack-fargate", description=__doc__, formatter_class=form)
    run = parser.add_subparsers(required=True, metavar="run").add_parser(
        "run", help="run a command against an emulator of its own"
    )
    run.add_argument(
        "--plain", action="store_true", help="LocalStack with forwarding to moto only, without the emulator's behaviour"
    )
    run.add_argument(
        "--plugin", action="append", default=[], metavar="MODULE", help="a module, or its path, to load as well"
    )
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    wanted = parser.parse_args(arguments)
    command = wanted.command[1:] if wanted.command[:1] == ["--"] else wanted.command
    if not command:
        run.error("a command is needed")
    plugins = ",".join([*wanted.plugin, *filter(None, [os.environ.get("EMULATOR_PLUGINS")])])
    return runner.run(runner.Emulator(plain=wanted.plain, plugins=plugins), command)


if __name__ == "__main__":
    sys.exit(main())
