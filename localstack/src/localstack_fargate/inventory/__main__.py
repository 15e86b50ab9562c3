"""Prints what is in the account and region of the environment, as JSON: `python -m localstack_fargate.inventory`."""

import argparse
import json
import sys

from localstack_fargate.inventory import listing, normal_form


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m localstack_fargate.inventory", description=__doc__)
    parser.add_argument(
        "form",
        nargs="?",
        choices=["full", "normal", "secrets"],
        default="full",
        help="full: as AWS describes it; normal: without identifiers, for comparison; secrets: value by secret name",
    )
    parser.add_argument("--label-tag", default="Name", metavar="KEY", help="the tag that names a resource [Name]")
    parser.add_argument(
        "--ignore-tag", action="append", default=[], metavar="KEY", help="a tag whose value differs between accounts"
    )
    parser.add_argument("--diff", nargs=2, metavar="FILE", help="compare two normal forms; exit code 1 if they differ")
    wanted = parser.parse_args(arguments)
    if wanted.diff:
        first, second = (json.load(open(name)) for name in wanted.diff)
        lines = normal_form.differences(first, second)
        print("\n".join(lines) or "no differences")
        return bool(lines)
    if wanted.form == "secrets":
        result = listing.secret_values()
    else:
        result = listing.everything()
        if wanted.form == "normal":
            account = listing.client("sts").get_caller_identity()["Account"]
            result = normal_form.normal(result, account, wanted.label_tag, wanted.ignore_tag)
    json.dump(result, sys.stdout, default=str, indent=1, sort_keys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
