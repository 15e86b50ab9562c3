"""Elastic Load Balancing v2: balancers, listeners, groups, attributes, tags. Source: ELB API reference and ALB user guide."""

import json
import subprocess

import pytest
from conftest import refused

row = pytest.mark.row


def balancer(world, net, name="probe", scheme="internal", **more):
    answer = world.client("elbv2").create_load_balancer(
        Name=name, Subnets=net["subnets"], SecurityGroups=[net["sg"]], Scheme=scheme, **more
    )
    return answer["LoadBalancers"][0]


def group(world, net, name="probe", **more):
    wanted = {"Protocol": "HTTP", "Port": 3000, "VpcId": net["vpc"], "TargetType": "ip"} | more
    return world.client("elbv2").create_target_group(Name=name, **wanted)["TargetGroups"][0]


def forward(group_arn):
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group_arn, "Weight": 1}]}}]


def listener(world, balancer_arn, group_arn, port=80, **more):
    answer = world.client("elbv2").create_listener(
        LoadBalancerArn=balancer_arn, Protocol="HTTP", Port=port, DefaultActions=forward(group_arn), **more
    )
    return answer["Listeners"][0]


def state(world, arn):
    found = world.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return found[0]["State"]["Code"]


def interfaces(world, net):
    found = world.client("ec2").describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])
    return [i for i in found["NetworkInterfaces"] if i["Description"].startswith("ELB app/")]


def attributes(answer):
    return {a["Key"]: a["Value"] for a in answer["Attributes"]}


@row("elbv2:CreateLoadBalancer DNSName of an internal load balancer", bare="fails")
def test_an_internal_balancer_is_named_so(world):
    made = balancer(world, world.network())
    assert made["DNSName"].startswith("internal-probe-")
    assert made["DNSName"].endswith(".us-east-1.elb.amazonaws.com")
    assert made["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"
    assert {z["ZoneName"] for z in made["AvailabilityZones"]} == {"us-east-1a", "us-east-1b"}


@row("ALB provisioning -> active", bare="fails")
def test_a_balancer_is_provisioning_first(world):
    made = balancer(world, world.network())
    assert made["State"]["Code"] == "provisioning"
    world.advance(60)
    assert state(world, made["LoadBalancerArn"]) == "provisioning"
    world.advance(300)
    assert state(world, made["LoadBalancerArn"]) == "active"


@row("elbv2: a listener may be made while the balancer is provisioning", bare="fails")
def test_a_listener_does_not_wait(world):
    net = world.network()
    arn = balancer(world, net)["LoadBalancerArn"]
    listener(world, arn, group(world, net)["TargetGroupArn"])
    assert state(world, arn) == "provisioning"


@row("elbv2:CreateLoadBalancer same name, same settings -> the existing one", bare="fails")
def test_creating_twice_gives_one(world):
    net = world.network()
    assert balancer(world, net)["LoadBalancerArn"] == balancer(world, net)["LoadBalancerArn"]
    assert len(world.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


@row("neg:CreateLoadBalancer same name other config -> DuplicateLoadBalancerName", bare="fails")
def test_a_name_with_other_settings_is_refused(world):
    net = world.network()
    balancer(world, net)
    refused(lambda: balancer(world, net, scheme="internet-facing"), "DuplicateLoadBalancerName")


@row("neg:CreateLoadBalancer one AZ -> InvalidConfigurationRequest", bare="fails")
def test_one_zone_is_refused(world):
    net = world.network()
    refused(lambda: balancer(world, net | {"subnets": net["subnets"][:1]}),
            "InvalidConfigurationRequest", "ValidationError")


@row("neg:CreateLoadBalancer unknown SG -> InvalidSecurityGroup", bare="fails")
def test_an_unknown_group_is_refused(world):
    net = world.network() | {"sg": "sg-0123456789abcdef0"}
    refused(lambda: balancer(world, net), "InvalidSecurityGroup")


@row("neg:CreateLoadBalancer unknown subnet -> SubnetNotFound", bare="fails")
def test_an_unknown_subnet_is_refused(world):
    net = world.network()
    refused(lambda: balancer(world, net | {"subnets": [net["subnets"][0], "subnet-0123456789abcdef0"]}),
            "SubnetNotFound", "InvalidSubnet")


@row("life:ALB ENIs visible in EC2", bare="fails")
def test_a_balancer_has_an_interface_in_each_subnet(world):
    net = world.network()
    arn = balancer(world, net)["LoadBalancerArn"]
    found = interfaces(world, net)
    assert {i["SubnetId"] for i in found} == set(net["subnets"])
    assert {i["Description"] for i in found} == {"ELB " + arn.split(":loadbalancer/")[1]}
    assert all(i["RequesterManaged"] and i["RequesterId"] == "amazon-elb" for i in found)
    assert all(i["Attachment"]["InstanceOwnerId"] == "amazon-elb" for i in found)


@row("life:ALB ENIs linger after delete", bare="fails")
def test_interfaces_outlive_the_balancer(world):
    net = world.network()
    elbv2, ec2 = world.client("elbv2"), world.client("ec2")
    arn = balancer(world, net)["LoadBalancerArn"]
    world.advance(300)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    refused(lambda: state(world, arn), "LoadBalancerNotFound")
    assert len(interfaces(world, net)) == 2
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    world.advance(600)
    assert interfaces(world, net) == []
    ec2.delete_security_group(GroupId=net["sg"])
    ec2.delete_subnet(SubnetId=net["subnets"][0])


@row("neg:DeleteSecurityGroup used by ALB -> DependencyViolation", bare="fails")
def test_a_group_of_a_balancer_cannot_be_deleted(world):
    net = world.network()
    balancer(world, net)
    refused(lambda: world.client("ec2").delete_security_group(GroupId=net["sg"]), "DependencyViolation")


@row("neg:DeleteLoadBalancer with deletion protection -> OperationNotPermitted", bare="fails")
def test_deletion_protection_protects(world):
    elbv2 = world.client("elbv2")
    arn = balancer(world, world.network())["LoadBalancerArn"]
    protect = lambda value: elbv2.modify_load_balancer_attributes(  # noqa: E731
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
    )
    protect("true")
    refused(lambda: elbv2.delete_load_balancer(LoadBalancerArn=arn), "OperationNotPermitted")
    protect("false")
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)  # "If the load balancer does not exist ... the call succeeds"


@row("default load-balancer attributes", bare="fails")
def test_a_balancer_has_all_attributes(world):
    elbv2 = world.client("elbv2")
    arn = balancer(world, world.network())["LoadBalancerArn"]
    found = attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn))
    assert found == {
        "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
        "client_keep_alive.seconds": "3600",
        "connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "", "connection_logs.s3.prefix": "",
        "deletion_protection.enabled": "false",
        "health_check_logs.s3.enabled": "false", "health_check_logs.s3.bucket": "",
        "health_check_logs.s3.prefix": "",
        "idle_timeout.timeout_seconds": "60", "ipv6.deny_all_igw_traffic": "true",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
    }
    wanted = {"idle_timeout.timeout_seconds": "300", "routing.http.drop_invalid_header_fields.enabled": "true"}
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in wanted.items()]
    )
    assert attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)) == found | wanted


@row("neg:ModifyLoadBalancerAttributes value out of range -> ValidationError", bare="fails")
def test_an_attribute_has_its_range(world):
    arn = balancer(world, world.network())["LoadBalancerArn"]
    refused(lambda: world.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "4001"}]), "ValidationError")


@row("default target-group attributes", bare="fails")
def test_a_group_has_all_attributes(world):
    elbv2 = world.client("elbv2")
    arn = group(world, world.network())["TargetGroupArn"]
    found = attributes(elbv2.describe_target_group_attributes(TargetGroupArn=arn))
    healthy = "target_group_health."
    assert found == {
        "deregistration_delay.timeout_seconds": "300", "load_balancing.algorithm.anomaly_mitigation": "off",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "slow_start.duration_seconds": "0",
        "stickiness.app_cookie.cookie_name": "", "stickiness.app_cookie.duration_seconds": "86400",
        "stickiness.enabled": "false", "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
        f"{healthy}dns_failover.minimum_healthy_targets.count": "1",
        f"{healthy}dns_failover.minimum_healthy_targets.percentage": "off",
        f"{healthy}unhealthy_state_routing.minimum_healthy_targets.count": "1",
        f"{healthy}unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    }


@row("elbv2:CreateTargetGroup default health check", bare="fails")
def test_a_group_has_the_default_health_check(world):
    made = group(world, world.network())
    expected = {
        "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30, "HealthCheckPath": "/",
        "HealthCheckPort": "traffic-port", "HealthCheckProtocol": "HTTP", "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200"},
        "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4", "LoadBalancerArns": [],
    }
    assert {k: made.get(k) for k in expected} == expected


@row("elbv2:CreateTargetGroup same settings -> the existing one; other settings -> DuplicateTargetGroupName", bare="fails")
def test_a_group_is_made_once(world):
    net = world.network()
    first = group(world, net)
    assert group(world, net)["TargetGroupArn"] == first["TargetGroupArn"]
    refused(lambda: group(world, net, Port=3001), "DuplicateTargetGroupName")


@row("elbv2:ModifyTargetGroup", bare="passes")
def test_a_health_check_can_be_changed(world):
    elbv2 = world.client("elbv2")
    arn = group(world, world.network())["TargetGroupArn"]
    elbv2.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/up", HealthyThresholdCount=2)
    (found,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert (found["HealthCheckPath"], found["HealthyThresholdCount"]) == ("/up", 2)


@row("neg:DeleteTargetGroup in use -> ResourceInUse", bare="passes")
def test_a_group_in_use_cannot_be_deleted(world):
    net = world.network()
    elbv2 = world.client("elbv2")
    arn = group(world, net)["TargetGroupArn"]
    made = listener(world, balancer(world, net)["LoadBalancerArn"], arn)
    refused(lambda: elbv2.delete_target_group(TargetGroupArn=arn), "ResourceInUse")
    elbv2.delete_listener(ListenerArn=made["ListenerArn"])
    elbv2.delete_target_group(TargetGroupArn=arn)
    refused(lambda: elbv2.describe_target_groups(TargetGroupArns=[arn]), "TargetGroupNotFound")


@row("elbv2:CreateListener (HTTP forward ForwardConfig) echoes TargetGroupArn", bare="fails")
def test_a_forward_to_one_group_is_completed(world):
    net = world.network()
    arn = group(world, net)["TargetGroupArn"]
    made = listener(world, balancer(world, net)["LoadBalancerArn"], arn)
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}
    expected = [{"Type": "forward", "TargetGroupArn": arn, "ForwardConfig": config}]
    assert made["DefaultActions"] == expected
    (found,) = world.client("elbv2").describe_listeners(ListenerArns=[made["ListenerArn"]])["Listeners"]
    assert found["DefaultActions"] == expected


@row("neg:CreateListener duplicate port -> DuplicateListener", bare="fails")
def test_one_listener_a_port(world):
    net = world.network()
    arn = balancer(world, net)["LoadBalancerArn"]
    listener(world, arn, group(world, net)["TargetGroupArn"])
    other = group(world, net, name="other")["TargetGroupArn"]
    refused(lambda: listener(world, arn, other), "DuplicateListener")
    listener(world, arn, other, port=81)


@row("elbv2:CreateListener same settings -> the existing one", bare="fails")
def test_a_listener_is_made_once(world):
    net = world.network()
    arns = balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"]
    assert listener(world, *arns)["ListenerArn"] == listener(world, *arns)["ListenerArn"]


@row("elbv2:ModifyListener changes the default action, DeleteListener", bare="fails")
def test_a_listener_can_be_changed(world):
    net = world.network()
    elbv2 = world.client("elbv2")
    arn = balancer(world, net)["LoadBalancerArn"]
    first, second = (group(world, net, name=n)["TargetGroupArn"] for n in ("one", "two"))
    made = listener(world, arn, first)["ListenerArn"]
    elbv2.modify_listener(ListenerArn=made, DefaultActions=forward(second))
    (found,) = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert found["DefaultActions"][0]["TargetGroupArn"] == second
    assert elbv2.describe_target_groups(TargetGroupArns=[first])["TargetGroups"][0]["LoadBalancerArns"] == []
    elbv2.delete_listener(ListenerArn=made)
    assert elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"] == []


@row("neg:CreateListener group of another load balancer -> TargetGroupAssociationLimit", bare="fails")
def test_a_group_has_one_balancer(world):
    net = world.network()
    arn = group(world, net)["TargetGroupArn"]
    listener(world, balancer(world, net)["LoadBalancerArn"], arn)
    other = balancer(world, net, name="other")["LoadBalancerArn"]
    refused(lambda: listener(world, other, arn), "TargetGroupAssociationLimit")


@row("elbv2:CreateListener redirect", bare="fails")
def test_a_redirect_is_completed(world):
    arn = balancer(world, world.network())["LoadBalancerArn"]
    action = {"Type": "redirect",
              "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    made = world.client("elbv2").create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action]
    )["Listeners"][0]
    assert made["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@row("elbv2: listener attributes", bare="fails")
def test_a_listener_has_attributes(world):
    net = world.network()
    elbv2 = world.client("elbv2")
    made = listener(world, balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"])
    arn = made["ListenerArn"]
    found = attributes(elbv2.describe_listener_attributes(ListenerArn=arn))
    assert found["routing.http.response.server.enabled"] == "true"
    key = "routing.http.response.x_frame_options.header_value"
    elbv2.modify_listener_attributes(ListenerArn=arn, Attributes=[{"Key": key, "Value": "DENY"}])
    assert attributes(elbv2.describe_listener_attributes(ListenerArn=arn)) == found | {key: "DENY"}


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory):
    """A self-signed certificate and its key, as PEM bytes."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=ce.example.com",
         "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True,
    )
    return (folder / "cert.pem").read_bytes(), (folder / "key.pem").read_bytes()


def https(world, balancer_arn, group_arn, certificate, **more):
    return world.client("elbv2").create_listener(
        LoadBalancerArn=balancer_arn, Protocol="HTTPS", Port=443, DefaultActions=forward(group_arn),
        Certificates=[{"CertificateArn": certificate}], **more,
    )["Listeners"][0]


@row("elbv2:CreateListener HTTPS with an imported certificate", bare="passes")
def test_an_imported_certificate_is_accepted(world, key_pair):
    net = world.network()
    certificate, key = key_pair
    arn = world.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    made = https(world, balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"], arn,
                 SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert made["Certificates"] == [{"CertificateArn": arn}]
    assert made["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


@row("neg:CreateListener HTTPS unknown certificate -> CertificateNotFound", bare="passes")
def test_an_unknown_certificate_is_refused(world):
    net = world.network()
    absent = f"arn:aws:acm:us-east-1:{world.account}:certificate/00000000-0000-0000-0000-000000000000"
    arns = balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"]
    refused(lambda: https(world, *arns, absent), "CertificateNotFound")


@row("neg:CreateListener HTTPS certificate not yet issued -> UnsupportedCertificate", bare="fails")
def test_a_pending_certificate_is_refused(world):
    net = world.network()
    arn = world.client("acm").request_certificate(DomainName="ce.example.com", ValidationMethod="DNS")["CertificateArn"]
    arns = balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"]
    refused(lambda: https(world, *arns, arn), "UnsupportedCertificate")


@row("elbv2:ModifyListener HTTP to HTTPS with a certificate, to another one, and back", bare="fails")
def test_a_listener_gets_a_certificate(world, key_pair):
    net, elbv2 = world.network(), world.client("elbv2")
    certificate, key = key_pair
    arns = [
        world.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"] for _ in range(2)
    ]
    arn = listener(world, balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"])["ListenerArn"]
    change = lambda **wanted: elbv2.modify_listener(ListenerArn=arn, **wanted)["Listeners"][0]  # noqa: E731
    refused(lambda: change(Protocol="HTTPS"), "ValidationError")
    for one in arns:
        changed = change(Protocol="HTTPS", Certificates=[{"CertificateArn": one}])
        assert (changed["Protocol"], changed["Certificates"]) == ("HTTPS", [{"CertificateArn": one}])
    refused(lambda: change(Certificates=[{"CertificateArn": arns[0] + "0"}]), "CertificateNotFound")
    changed = change(Protocol="HTTP")
    assert changed["Protocol"] == "HTTP" and "SslPolicy" not in changed and not changed.get("Certificates")


@row("neg:CreateListener unknown TLS policy -> SSLPolicyNotFound", bare="fails")
def test_an_unknown_tls_policy_is_refused(world, key_pair):
    net = world.network()
    certificate, key = key_pair
    arn = world.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    arns = balancer(world, net)["LoadBalancerArn"], group(world, net)["TargetGroupArn"]
    refused(lambda: https(world, *arns, arn, SslPolicy="ELBSecurityPolicy-Absent"), "SSLPolicyNotFound")


def logs_to(world, arn, bucket, prefix=""):
    wanted = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": prefix}
    return world.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in wanted.items()]
    )


def grant(world, bucket, path, principal="logdelivery.elasticloadbalancing.amazonaws.com"):
    world.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::{bucket}/{path}"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ],
    }))


@row("neg:access logs to bucket without policy -> InvalidConfigurationRequest", bare="fails")
def test_access_logs_need_a_grant(world):
    arn = balancer(world, world.network())["LoadBalancerArn"]
    bucket = f"logs-{world.account}"
    refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest")
    world.client("s3").create_bucket(Bucket=bucket)
    refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest")
    grant(world, bucket, f"other/AWSLogs/{world.account}/*")
    refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest")
    grant(world, bucket, f"AWSLogs/{world.account}/*", principal="logs.amazonaws.com")
    refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest")


@row("neg:access logs right after the bucket's policy -> InvalidConfigurationRequest", bare="fails")
def test_a_grant_takes_seconds_to_count(world):
    arn = balancer(world, world.network())["LoadBalancerArn"]
    bucket = f"logs-{world.account}"
    world.client("s3").create_bucket(Bucket=bucket)
    grant(world, bucket, f"AWSLogs/{world.account}/*")
    assert "transient issue" in str(refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest"))
    world.advance(6)
    assert "Access Denied" in str(refused(lambda: logs_to(world, arn, bucket), "InvalidConfigurationRequest"))
    world.advance(4)
    logs_to(world, arn, bucket)


@row("access logs to a bucket with the grant: accepted, a test object is written", bare="fails")
@pytest.mark.parametrize("prefix", ["", "alb"])
def test_access_logs_with_a_grant(world, prefix):
    arn = balancer(world, world.network())["LoadBalancerArn"]
    s3, bucket = world.client("s3"), f"logs-{world.account}"
    s3.create_bucket(Bucket=bucket)
    folder = f"{prefix}/" if prefix else ""
    grant(world, bucket, f"{folder}AWSLogs/{world.account}/*")
    world.advance(10)
    logs_to(world, arn, bucket, prefix)
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert keys == [f"{folder}AWSLogs/{world.account}/ELBAccessLogTestFile"]


@row("access logs keep arriving, once more after the load balancer is deleted", bare="fails")
def test_a_log_arrives_after_deletion(world):
    world.settings(**{"elb.log_interval": 300})
    arn = balancer(world, world.network())["LoadBalancerArn"]
    s3, bucket = world.client("s3"), f"logs-{world.account}"
    s3.create_bucket(Bucket=bucket)
    grant(world, bucket, f"AWSLogs/{world.account}/*")
    world.advance(10)
    logs_to(world, arn, bucket)
    count = lambda: len(s3.list_objects_v2(Bucket=bucket)["Contents"])  # noqa: E731
    assert count() == 1
    world.advance(700)
    assert count() == 3
    world.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    world.advance(3600)
    assert count() == 4


@row("elbv2: tags of load balancer, target group and listener", bare="passes")
def test_everything_is_tagged(world):
    net = world.network()
    elbv2 = world.client("elbv2")
    tags = [{"Key": "a", "Value": "1"}]
    arns = [balancer(world, net, Tags=tags)["LoadBalancerArn"], group(world, net, Tags=tags)["TargetGroupArn"]]
    arns.append(listener(world, *arns, Tags=tags)["ListenerArn"])
    found = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert {d["ResourceArn"]: d["Tags"] for d in found} == {arn: tags for arn in arns}
    elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(49)])
    refused(lambda: elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": "one", "Value": "more"}]), "TooManyTags")
    elbv2.remove_tags(ResourceArns=arns, TagKeys=["a"])
    found = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert all(len(d["Tags"]) == 49 for d in found)


@row("neg:DescribeTags over 20 resources -> ValidationError", bare="fails")
def test_tags_of_twenty_resources_a_call(world):
    arn = group(world, world.network())["TargetGroupArn"]
    refused(lambda: world.client("elbv2").describe_tags(ResourceArns=[arn] * 21), "ValidationError")


@row("elbv2:SetSecurityGroups changes the interfaces too", bare="fails")
def test_groups_of_a_balancer_follow(world):
    net = world.network()
    arn = balancer(world, net)["LoadBalancerArn"]
    other = world.client("ec2").create_security_group(GroupName="o", Description="o", VpcId=net["vpc"])["GroupId"]
    world.client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    assert {g["GroupId"] for i in interfaces(world, net) for g in i["Groups"]} == {other}
    world.client("ec2").delete_security_group(GroupId=net["sg"])


@row("small pages on demand: ELBv2", bare="fails")
def test_listings_come_in_pages(world):
    net = world.network()
    for n in range(3):
        group(world, net, name=f"g{n}")
    world.settings(**{"page.size": 2})
    first = world.client("elbv2").describe_target_groups()
    assert len(first["TargetGroups"]) == 2
    assert len(world.client("elbv2").describe_target_groups(Marker=first["NextMarker"])["TargetGroups"]) == 1


# ---- targets ----


def serving(world, **checks):
    """An active load balancer with a group: (network, group ARN)."""
    net = world.network()
    wanted = {"HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 10, "HealthyThresholdCount": 2} | checks
    arn = group(world, net, **wanted)["TargetGroupArn"]
    listener(world, balancer(world, net)["LoadBalancerArn"], arn)
    world.advance(300)
    return net, arn


def health(world, arn):
    found = world.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [(d["TargetHealth"]["State"], d["TargetHealth"].get("Reason")) for d in found]


def register(world, arn, ip="10.0.0.200"):
    world.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": ip, "Port": 3000}])


@row("elbv2:DescribeTargetHealth states initial (with a reason) -> healthy", bare="fails")
def test_a_target_is_initial_first(world):
    world.settings(**{"elb.every_target_responds": True})
    _, arn = serving(world)
    register(world, arn)
    assert health(world, arn) == [("initial", "Elb.RegistrationInProgress")]
    world.advance(120)
    assert health(world, arn) == [("healthy", None)]


@row("elbv2:DescribeTargetHealth nobody answers -> unhealthy with a reason", bare="fails")
def test_a_target_that_does_not_answer_is_unhealthy(world):
    _, arn = serving(world, UnhealthyThresholdCount=3)
    register(world, arn)
    world.advance(30)
    assert health(world, arn) == [("initial", "Elb.InitialHealthChecking")]
    world.advance(120)
    assert health(world, arn) == [("unhealthy", "Target.FailedHealthChecks")]


@row("elbv2: a healthy target that stops answering is unhealthy after the threshold, then recovers", bare="fails")
def test_health_follows_the_thresholds(world):
    world.settings(**{"elb.every_target_responds": True})
    _, arn = serving(world, UnhealthyThresholdCount=3, HealthyThresholdCount=2)
    register(world, arn)
    world.advance(60)
    world.settings(**{"elb.every_target_responds": False})
    world.advance(60)
    assert health(world, arn)[0][0] == "healthy"
    world.advance(60)
    assert health(world, arn)[0][0] == "unhealthy"
    world.settings(**{"elb.every_target_responds": True})
    world.advance(30)
    assert health(world, arn)[0][0] == "unhealthy"
    world.advance(60)
    assert health(world, arn)[0][0] == "healthy"


@row("elbv2:DescribeTargetHealth group without load balancer -> unused", bare="fails")
def test_a_target_nobody_asks_for_is_unused(world):
    arn = group(world, world.network())["TargetGroupArn"]
    register(world, arn)
    world.advance(600)
    assert health(world, arn) == [("unused", "Target.NotInUse")]


@row("targets become healthy only when the load balancer is active", bare="fails")
def test_a_target_waits_for_the_balancer(world):
    world.settings(**{"elb.every_target_responds": True})
    net = world.network()
    arn = group(world, net)["TargetGroupArn"]
    listener(world, balancer(world, net)["LoadBalancerArn"], arn)
    register(world, arn)
    world.advance(100)
    assert health(world, arn)[0][0] == "initial"
    world.advance(300)
    assert health(world, arn) == [("healthy", None)]


@row("elbv2:DeregisterTargets -> draining for the deregistration delay", bare="fails")
def test_a_target_drains(world):
    _, arn = serving(world)
    elbv2 = world.client("elbv2")
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    )
    register(world, arn)
    world.advance(120)
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.200", "Port": 3000}])
    assert health(world, arn) == [("draining", "Target.DeregistrationInProgress")]
    world.advance(20)
    assert health(world, arn)[0][0] == "draining"
    world.advance(20)
    assert health(world, arn) == []


@row("neg:RegisterTargets outside the VPC -> InvalidTarget", bare="fails")
def test_a_target_is_in_the_vpc(world):
    _, arn = serving(world)
    refused(lambda: register(world, arn, ip="10.9.0.1"), "InvalidTarget")
