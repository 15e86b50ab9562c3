"""One named test for each behaviour of AWS that the emulator imitates.

Each test has an account of its own, whose clock stands still until the test advances it. `@pytest.mark.row(text,
plain=...)` names the behaviour and says what plain LocalStack with forwarding makes of the test: "passes" or "fails",
which is then required when the tests run there; "absent" for the emulator's own controls, which it does not have.
`report.py` runs both.
"""

from __future__ import annotations

import collections
import functools
import json
import os
import random
import urllib.error
import urllib.request
from typing import Any, Callable, Iterator

import boto3
import botocore.config
import botocore.exceptions
import pytest
from policy_kit import trust

URL = os.environ.get("AWS_ENDPOINT_URL", "")
REGION = "us-east-1"
_session = boto3.session.Session()  # shared: it keeps the service descriptions, which are slow to load
_idle_clients: dict[tuple[str, str], list[Any]] = collections.defaultdict(list)


def _new_client(service: str, region: str) -> Any:
    return _session.client(
        service,
        region_name=region,
        endpoint_url=URL,
        aws_access_key_id="unset",
        aws_secret_access_key="test",
        config=botocore.config.Config(
            retries={"total_max_attempts": 1},
            read_timeout=20,
            parameter_validation=False,
            s3={"addressing_style": "path"},
        ),
    )


class Account:
    """One account of the emulator, and its controls. On plain LocalStack the controls do nothing."""

    def __init__(self, account: str | None = None) -> None:
        self.id = account or str(random.SystemRandom().randrange(10**11, 10**12))
        self.plain = _is_plain()
        self._clients: dict[tuple[str, str], Any] = {}
        self.clock(paused=True)

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client of this account, which neither retries nor waits long."""
        if (service, region) not in self._clients:
            idle = _idle_clients[service, region]
            client = idle.pop() if idle else _new_client(service, region)
            client._request_signer._credentials.access_key = self.id
            self._clients[service, region] = client
        return self._clients[service, region]

    def close(self) -> None:
        """Gives the clients to the next account: making one costs more than most tests."""
        for key, client in self._clients.items():
            _idle_clients[key].append(client)
        self._clients.clear()

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """A call to the control API of this account; None on plain LocalStack."""
        if self.plain:
            return None
        return _http(f"/_emulator/{self.id}/{path}", body, method)

    def clock(self, **wanted: Any) -> Any:
        return self.control("clock", wanted)

    def advance(self, seconds: float) -> None:
        """Lets AWS seconds pass."""
        self.clock(advance=seconds)

    def settings(self, **wanted: Any) -> Any:
        """`settings(**{"nat.available": 5})`."""
        return self.control("settings", wanted)

    def fault(self, **rule: Any) -> None:
        self.control("faults", rule)

    def clear_faults(self) -> None:
        self.control("faults", method="DELETE")

    def journal(self, since: int = 0) -> list[dict]:
        return self.control(f"journal?since={since}") or []

    def network(self, zones: int = 2) -> dict:
        """A VPC with one subnet a zone, an attached internet gateway and a security group: {vpc, subnets, igw, sg}."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'abc'[n]}")["Subnet"][
                "SubnetId"
            ]
            for n in range(zones)
        ]
        igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
        sg = ec2.create_security_group(GroupName="probe", Description="probe", VpcId=vpc)["GroupId"]
        return {"vpc": vpc, "subnets": subnets, "igw": igw, "sg": sg}

    def role(self, name: str = "probe", service: str = "ecs-tasks.amazonaws.com", settle: float = 60) -> str:
        """ARN of a role that `service` may assume, `settle` AWS seconds old."""
        answer = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))
        self.advance(settle)
        return answer["Role"]["Arn"]


EXPECTATIONS = ("passes", "fails", "absent")
KINDS = ("passed", "xfailed", "skipped", "failed", "error")
"""What becomes of a test, in pytest's words."""
_EXPECTED_FAILURES = (
    AssertionError,
    pytest.fail.Exception,
    botocore.exceptions.ClientError,
    botocore.exceptions.BotoCoreError,
    LookupError,
    ValueError,
)
"""How a test may fail on plain LocalStack; anything else is a defect of the test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        row = item.get_closest_marker("row")
        if row is None or row.kwargs.get("plain") not in EXPECTATIONS:
            raise pytest.UsageError(f"{item.nodeid}: needs @pytest.mark.row(text, plain={'|'.join(EXPECTATIONS)})")
        if _is_plain() and row.kwargs["plain"] == "fails":
            item.add_marker(pytest.mark.xfail(strict=True, raises=_EXPECTED_FAILURES, reason=row.args[0]))
        if _is_plain() and row.kwargs["plain"] == "absent":
            item.add_marker(pytest.mark.skip(reason="concerns the emulator only"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line of counts; what became of each test goes into the file that `report.py` asks for."""
    reports = {kind: terminalreporter.stats.get(kind, []) for kind in KINDS}
    counts = {kind: len(of_kind) for kind, of_kind in reports.items()}
    terminalreporter.write_line(
        "tests on {}: {passed} pass, {xfailed} fail as marked, {skipped} absent, {wrong} MISMATCHES".format(
            "plain LocalStack" if _is_plain() else "the emulator", wrong=counts["failed"] + counts["error"], **counts
        )
    )
    if path := os.environ.get("EMULATOR_TEST_OUTCOMES"):
        outcomes = [[kind, report.nodeid] for kind, of_kind in reports.items() for report in of_kind]
        with open(path, "w") as out:
            json.dump(outcomes, out)


@pytest.fixture
def account() -> Iterator[Account]:
    """A new account, with its clock paused."""
    yield from _lent()


@pytest.fixture
def other_account() -> Iterator[Account]:
    """A second new account."""
    yield from _lent()


def _lent() -> Iterator[Account]:
    made = Account()
    yield made
    errors = None if made.plain else made.clock()["errors"]
    made.close()
    assert not errors, "an event of the emulator itself failed"


def refused(call: Callable[[], Any], *codes: str, status: int | None = None) -> botocore.exceptions.ClientError:
    """Asserts that AWS refuses the call with one of the codes; returns the error."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] in codes, caught.value
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return caught.value


@functools.cache
def _is_plain() -> bool:
    try:
        return bool(_http("/_emulator/health")["plain"])
    except (ValueError, OSError, AssertionError) as error:
        raise pytest.UsageError(f"no emulator at AWS_ENDPOINT_URL={URL!r} ({error}); use localstack/with") from None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _http(path: str, body: Any = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with _opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path}: {error.status} {error.read().decode(errors='replace')}") from None
