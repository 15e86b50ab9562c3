"""Attributes of load balancers, target groups and listeners, all with AWS's defaults.

Source: Elastic Load Balancing API reference (LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute).
"""

from __future__ import annotations

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2
from localstack_fargate.services.elbv2 import validation

BOOLEAN = ("true", "false")
BALANCER = {
    "access_logs.s3.enabled": ("false", BOOLEAN),
    "access_logs.s3.bucket": ("", None),
    "access_logs.s3.prefix": ("", None),
    "client_keep_alive.seconds": ("3600", range(60, 604801)),
    "connection_logs.s3.enabled": ("false", BOOLEAN),
    "connection_logs.s3.bucket": ("", None),
    "connection_logs.s3.prefix": ("", None),
    "deletion_protection.enabled": ("false", BOOLEAN),
    "health_check_logs.s3.enabled": ("false", BOOLEAN),
    "health_check_logs.s3.bucket": ("", None),
    "health_check_logs.s3.prefix": ("", None),
    "idle_timeout.timeout_seconds": ("60", range(1, 4001)),
    "ipv6.deny_all_igw_traffic": ("false", BOOLEAN),
    "load_balancing.cross_zone.enabled": ("true", ("true",)),
    "routing.http.desync_mitigation_mode": ("defensive", ("monitor", "defensive", "strictest")),
    "routing.http.drop_invalid_header_fields.enabled": ("false", BOOLEAN),
    "routing.http.preserve_host_header.enabled": ("false", BOOLEAN),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": ("false", BOOLEAN),
    "routing.http.xff_client_port.enabled": ("false", BOOLEAN),
    "routing.http.xff_header_processing.mode": ("append", ("append", "preserve", "remove")),
    "routing.http2.enabled": ("true", BOOLEAN),
    "waf.fail_open.enabled": ("false", BOOLEAN),
    "zonal_shift.config.enabled": ("false", BOOLEAN),
}
GROUP = {
    "deregistration_delay.timeout_seconds": ("300", range(0, 3601)),
    "load_balancing.algorithm.anomaly_mitigation": ("off", ("on", "off")),
    "load_balancing.algorithm.type":
        ("round_robin", ("round_robin", "least_outstanding_requests", "weighted_random")),
    "load_balancing.cross_zone.enabled":
        ("use_load_balancer_configuration", ("true", "false", "use_load_balancer_configuration")),
    "slow_start.duration_seconds": ("0", range(0, 901)),
    "stickiness.app_cookie.cookie_name": ("", None),
    "stickiness.app_cookie.duration_seconds": ("86400", range(1, 604801)),
    "stickiness.enabled": ("false", BOOLEAN),
    "stickiness.lb_cookie.duration_seconds": ("86400", range(1, 604801)),
    "stickiness.type": ("lb_cookie", ("lb_cookie", "app_cookie")),
    "target_group_health.dns_failover.minimum_healthy_targets.count": ("1", None),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": ("off", None),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": ("1", None),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": ("off", None),
}
RESPONSE = "routing.http.response."
LISTENER = {
    f"{RESPONSE}server.enabled": ("true", BOOLEAN),
    **{
        f"{RESPONSE}{name}.header_value": ("", None)
        for name in (
            "access_control_allow_credentials", "access_control_allow_headers", "access_control_allow_methods",
            "access_control_allow_origin", "access_control_expose_headers", "access_control_max_age",
            "content_security_policy", "strict_transport_security", "x_content_type_options", "x_frame_options",
        )
    },
}
REQUEST = "routing.http.request."
HTTPS_LISTENER = {
    f"{REQUEST}{name}.header_name": (header, None)
    for name, header in (
        ("x_amzn_mtls_clientcert", "X-Amzn-Mtls-Clientcert"),
        ("x_amzn_mtls_clientcert_issuer", "X-Amzn-Mtls-Clientcert-Issuer"),
        ("x_amzn_mtls_clientcert_leaf", "X-Amzn-Mtls-Clientcert-Leaf"),
        ("x_amzn_mtls_clientcert_serial_number", "X-Amzn-Mtls-Clientcert-Serial-Number"),
        ("x_amzn_mtls_clientcert_subject", "X-Amzn-Mtls-Clientcert-Subject"),
        ("x_amzn_mtls_clientcert_validity", "X-Amzn-Mtls-Clientcert-Validity"),
        ("x_amzn_tls_cipher_suite", "X-Amzn-Tls-Cipher-Suite"),
        ("x_amzn_tls_version", "X-Amzn-Tls-Version"),
    )
}


def _defaults(table: dict) -> dict[str, str]:
    return {key: default for key, (default, _) in table.items()}


def of_new_balancer(scheme: str) -> dict[str, str]:
    return _defaults(BALANCER) | {"ipv6.deny_all_igw_traffic": "true" if scheme == "internal" else "false"}


def of_new_group() -> dict[str, str]:
    return _defaults(GROUP)


def of_new_listener(protocol: str) -> dict[str, str]:
    return _defaults(LISTENER) | (_defaults(HTTPS_LISTENER) if protocol == "HTTPS" else {})


def _listed(attributes: dict[str, str]) -> list[dict]:
    return [{"Key": k, "Value": v} for k, v in attributes.items()]


def _wanted(request: dict, table: dict, kind: str) -> dict[str, str]:
    """The requested changes, each checked against its key's values."""
    wanted = {}
    for attribute in request.get("Attributes") or []:
        key, value = attribute["Key"], attribute.get("Value") or ""
        if key not in table:
            raise validation(f"{kind} attribute key '{key}' is not recognized")
        allowed = table[key][1]
        if isinstance(allowed, range):
            valid = value.isdigit() and int(value) in allowed
        else:
            valid = allowed is None or value in allowed
        if not valid:
            raise validation(f"'{value}' is not a valid value for attribute '{key}'")
        wanted[key] = value
    return wanted


@override("elbv2", "DescribeLoadBalancerAttributes")
def describe_balancer(account, region, request, context, call_next):
    record = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    return {"Attributes": _listed(record["_attributes"])}


@override("elbv2", "ModifyLoadBalancerAttributes")
def modify_balancer(account, region, request, context, call_next):
    from localstack_fargate.services import elbv2_access_logs

    record = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    after = record["_attributes"] | _wanted(request, BALANCER, "Load balancer")
    for logs in ("access_logs", "connection_logs", "health_check_logs"):
        changed = [k for k, v in after.items() if k.startswith(f"{logs}.") and record["_attributes"][k] != v]
        if after[f"{logs}.s3.enabled"] == "true" and changed:
            elbv2_access_logs.require_grant(account, region, record, logs, after)
    record["_attributes"] = after
    return {"Attributes": _listed(after)}


@override("elbv2", "DescribeTargetGroupAttributes")
def describe_group(account, region, request, context, call_next):
    record = elbv2.group(account, region, request.get("TargetGroupArn"))
    return {"Attributes": _listed(record["_attributes"])}


@override("elbv2", "ModifyTargetGroupAttributes")
def modify_group(account, region, request, context, call_next):
    record = elbv2.group(account, region, request.get("TargetGroupArn"))
    wanted = _wanted(request, GROUP, "Target group")
    slow = int(wanted.get("slow_start.duration_seconds", "0"))
    if 0 < slow < 30:
        raise aws_error("InvalidConfigurationRequest", "slow_start.duration_seconds must be 0 or between 30 and 900")
    record["_attributes"] = record["_attributes"] | wanted
    return {"Attributes": _listed(record["_attributes"])}


@override("elbv2", "DescribeListenerAttributes")
def describe_listener(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    return {"Attributes": _listed(record["_attributes"])}


@override("elbv2", "ModifyListenerAttributes")
def modify_listener(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    table = LISTENER | (HTTPS_LISTENER if record["Protocol"] == "HTTPS" else {})
    record["_attributes"] = record["_attributes"] | _wanted(request, table, "Listener")
    return {"Attributes": _listed(record["_attributes"])}
