"""Runs Python for the tests, each time in a fork of one process that has boto3 and the services' models loaded: loading
them takes longer than what is asked of them.

Prints its port on 127.0.0.1. A request is a line of JSON: {"environment": {...}, "module": name or null, "code": text or
null, "arguments": [...]}. The answer, at whose end the connection closes, is {"code", "stdout", "stderr"}. Ends with its
standard input.
"""

import contextlib
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback

import boto3
from localstack_fargate.inventory import listing, normal_form  # noqa: F401

PRELOADED = """acm backup cloudwatch ec2 ecs efs elbv2 events iam kms logs route53 s3 secretsmanager sns sts""".split()


def run(request: dict) -> int:
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [request["module"] or "-c", *request["arguments"]]
    try:
        if request["module"]:
            runpy.run_module(request["module"], run_name="__main__")
        else:
            exec(compile(request["code"], "<test>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve(connection: socket.socket) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(json.loads(connection.makefile("r", encoding="utf-8").readline()))
    answer = {"code": code, "stdout": out.getvalue(), "stderr": err.getvalue()}
    connection.sendall(json.dumps(answer).encode())


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    keys = {"region_name": "us-east-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    for service in PRELOADED:
        boto3.client(service, **keys)
    gc.freeze()
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(server.getsockname()[1], flush=True)
    while True:
        ready, _, _ = select.select([server, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                serve(connection)
            finally:
                os._exit(0)
        connection.close()


main()
