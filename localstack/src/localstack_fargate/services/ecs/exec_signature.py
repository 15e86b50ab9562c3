"""The signature on the opening of a data channel: Signature Version 4 over the WebSocket's upgrade, service
`ssmmessages`.

Source: `aws/session-manager-plugin` (`src/communicator/websocketchannel.go`: a GET of the whole URL is signed before
the library adds the WebSocket's own headers); Systems Manager user guide, "Session Manager plugin version history"
(1.2.764.0, the least version that is supported). That AWS answers an upgrade without a right signature with 403 is
unverified.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICE = "ssmmessages"
LEAST_CLIENT = (1, 2, 764, 0)
_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/\s]+)/(?P<day>\d{8})/(?P<region>[^/\s]+)/ssmmessages/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = datetime.timedelta(minutes=5)


def is_supported(version: Any) -> bool:
    """Whether a client of this version is spoken to: four numbers, and none too small."""
    parts = str(version).split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= LEAST_CLIENT


def refusal(request: Any, account: Any, region: str) -> str | None:
    """Why an upgrade is not let in; None if its signature is right."""
    form = _FORM.fullmatch(request.headers.get("Authorization", ""))
    if form is None:
        return "Request is not authenticated."
    names = form["headers"].split(";")
    stamp, token = request.headers.get("X-Amz-Date", ""), request.headers.get("X-Amz-Security-Token")
    needed = {"host", "x-amz-date"} | ({"x-amz-security-token"} if token else set())
    if (
        not needed <= set(names)
        or form["region"] != region
        or not stamp.startswith(form["day"])
        or not _is_fresh(stamp)
    ):
        return "Signature does not cover what it has to, or is not fresh."
    known = _credentials(account, form["key"], token)
    if known is None:
        return "The security token included in the request is invalid."
    host, query = request.headers["Host"], request.query_string.decode()
    signed = AWSRequest(method="GET", url=f"http://{host}{request.path}?{query}")
    for name in names:
        signed.headers[name] = request.headers.get(name, "")
    signed.context["timestamp"] = stamp
    signer = SigV4Auth(known, SERVICE, region)
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    return None if signer.signature(text, signed) == form["signature"] else "The request signature does not match."


def _is_fresh(stamp: str) -> bool:
    try:
        made = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return False
    return abs(datetime.datetime.now(datetime.timezone.utc) - made) <= _SKEW


def _credentials(account: Any, key: str, token: str | None) -> Credentials | None:
    """The account's own, which have the secret that `localstack/with` gives; or those of a role's session."""
    if key == account.id:
        return Credentials(key, "test", token)
    from moto.sts.models import sts_backends

    for backend in sts_backends[account.id].values():
        role = backend.get_assumed_role_from_access_key(key)
        if role is not None and role.session_token == token:
            return Credentials(key, role.secret_access_key, token)
    return None
