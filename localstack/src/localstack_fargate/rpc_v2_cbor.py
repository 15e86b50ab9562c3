"""Services that also speak Smithy's RPC v2 CBOR, as newer AWS SDKs do (the AWS SDK for Rust with CloudWatch).

LocalStack knows the protocol; the service descriptions of the botocore that it comes with do not name it yet, nor the
prefix by which such a request is routed. Later descriptions do: botocore 1.43, `cloudwatch/2010-08-01/service-2.json`.
Its parser does not take timestamps with a fraction, as which the AWS SDK for Rust sends all of them.
Source: Smithy 2.0 specification, "Smithy RPC v2 CBOR protocol" (a timestamp is an integer or a float), "AWS query
compatible trait".
"""

from __future__ import annotations

import datetime
from typing import Any

PROTOCOL = "smithy-rpc-v2-cbor"

_SERVICES = {"cloudwatch/2010-08-01/service-2": "GraniteServiceVersion20100801"}
"""The service's name in the path of a request, by its description."""


def install() -> None:
    """Adds the protocol to the descriptions. To be called before LocalStack loads the first of them."""
    from localstack.aws.protocol.parser import RpcV2CBORRequestParser
    from localstack.aws.spec import loader

    RpcV2CBORRequestParser._parse_type_datetime = _timestamp

    for description, name in _SERVICES.items():
        loader.patches.setdefault(description, []).extend(
            {"op": "add", "path": f"/metadata/{key}", "value": value}
            for key, value in {"protocols": [PROTOCOL, "query"], "targetPrefix": name, "awsQueryCompatible": {}}.items()
        )


def _timestamp(self: Any, value: int | float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(value, datetime.UTC)
