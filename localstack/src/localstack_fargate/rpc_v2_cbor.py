"""Services that also speak Smithy's RPC v2 CBOR, as newer AWS SDKs do (the AWS SDK for Rust with CloudWatch).

LocalStack knows the protocol; the service descriptions of the botocore that it comes with do not name it yet, nor the
prefix by which such a request is routed. Later descriptions do: botocore 1.43, `cloudwatch/2010-08-01/service-2.json`.
Source: Smithy 2.0 specification, "Smithy RPC v2 CBOR protocol", "AWS query compatible trait".
"""

from __future__ import annotations

PROTOCOL = "smithy-rpc-v2-cbor"

_SERVICES = {"cloudwatch/2010-08-01/service-2": "GraniteServiceVersion20100801"}
"""The service's name in the path of a request, by its description."""


def install() -> None:
    """Adds the protocol to the descriptions. To be called before LocalStack loads the first of them."""
    from localstack.aws.spec import loader

    for description, name in _SERVICES.items():
        loader.patches.setdefault(description, []).extend(
            {"op": "add", "path": f"/metadata/{key}", "value": value}
            for key, value in {"protocols": [PROTOCOL, "query"], "targetPrefix": name, "awsQueryCompatible": {}}.items()
        )
