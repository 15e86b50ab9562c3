"""Everything in one AWS account and region: whole services rather than what should be there, so that extra resources
show too."""

import functools
import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 5}, s3={"addressing_style": "path"})


@functools.cache
def client(service):
    """Making one takes longer than what is asked of it."""
    return boto3.client(service, config=CONFIG)


def pages(service, operation, key, **arguments):
    """All items of a list operation, over all pages."""
    call = client(service)
    if call.can_paginate(operation):
        return [item for page in call.get_paginator(operation).paginate(**arguments) for item in page.get(key, [])]
    return getattr(call, operation)(**arguments).get(key, [])


def attempt(call, **arguments):
    """The answer, or the error's code where there is nothing to answer."""
    try:
        answer = call(**arguments)
        answer.pop("ResponseMetadata", None)
        return answer
    except ClientError as error:
        return {"Error": error.response["Error"]["Code"]}


def ec2():
    call = client("ec2")
    vpcs = pages("ec2", "describe_vpcs", "Vpcs")
    for vpc in vpcs:
        for attribute in ("enableDnsSupport", "enableDnsHostnames"):
            answer = call.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
            name = attribute[0].upper() + attribute[1:]
            vpc[name] = answer[name]["Value"]
    return {
        "vpcs": vpcs,
        "subnets": pages("ec2", "describe_subnets", "Subnets"),
        "internet_gateways": pages("ec2", "describe_internet_gateways", "InternetGateways"),
        "addresses": call.describe_addresses()["Addresses"],
        "nat_gateways": pages("ec2", "describe_nat_gateways", "NatGateways"),
        "route_tables": pages("ec2", "describe_route_tables", "RouteTables"),
        "security_groups": pages("ec2", "describe_security_groups", "SecurityGroups"),
        "security_group_rules": pages("ec2", "describe_security_group_rules", "SecurityGroupRules"),
        "network_acls": pages("ec2", "describe_network_acls", "NetworkAcls"),
        "network_interfaces": pages("ec2", "describe_network_interfaces", "NetworkInterfaces"),
        "vpc_endpoints": pages("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
        "flow_logs": pages("ec2", "describe_flow_logs", "FlowLogs"),
        "client_vpn_endpoints": client_vpns(),
    }


def iam():
    call = client("iam")
    roles = pages("iam", "list_roles", "Roles")
    for role in roles:
        name = role["RoleName"]
        role.update(call.get_role(RoleName=name)["Role"])
        role["Inline"] = {
            policy: call.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
        }
        attached = pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        role["Managed"] = [policy["PolicyArn"] for policy in attached]
    return {"roles": roles, "policies": pages("iam", "list_policies", "Policies", Scope="Local")}


def efs():
    call = client("efs")
    systems = pages("efs", "describe_file_systems", "FileSystems")
    for system in systems:
        identity = {"FileSystemId": system["FileSystemId"]}
        system["Backup"] = attempt(call.describe_backup_policy, **identity)
        system["Policy"] = attempt(call.describe_file_system_policy, **identity)
        targets = pages("efs", "describe_mount_targets", "MountTargets", **identity)
        for target in targets:
            groups = call.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])
            target["SecurityGroups"] = groups["SecurityGroups"]
        system["MountTargets"] = targets
    return {"file_systems": systems, "access_points": pages("efs", "describe_access_points", "AccessPoints")}


def elb():
    call = client("elbv2")
    balancers = pages("elbv2", "describe_load_balancers", "LoadBalancers")
    for balancer in balancers:
        arn = balancer["LoadBalancerArn"]
        balancer["Attributes"] = attributes(call.describe_load_balancer_attributes(LoadBalancerArn=arn))
        balancer["Listeners"] = pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
        for listener in balancer["Listeners"]:
            listener["Tags"] = elb_tags(call, listener["ListenerArn"])
            listener["Rules"] = pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
        balancer["Tags"] = elb_tags(call, arn)
    groups = pages("elbv2", "describe_target_groups", "TargetGroups")
    for group in groups:
        arn = group["TargetGroupArn"]
        group["Attributes"] = attributes(call.describe_target_group_attributes(TargetGroupArn=arn))
        group["Targets"] = call.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        group["Tags"] = elb_tags(call, arn)
    return {"load_balancers": balancers, "target_groups": groups}


def attributes(answer):
    return {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}


def elb_tags(call, arn):
    return call.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]


def ecs():
    call = client("ecs")
    clusters = []
    for arn in pages("ecs", "list_clusters", "clusterArns"):
        cluster = call.describe_clusters(clusters=[arn], include=["SETTINGS", "TAGS"])["clusters"][0]
        names = pages("ecs", "list_services", "serviceArns", cluster=arn)
        services = [call.describe_services(cluster=arn, services=[name], include=["TAGS"]) for name in names]
        cluster["Services"] = [service for answer in services for service in answer["services"]]
        tasks = [
            task
            for status in ("RUNNING", "STOPPED")
            for task in pages("ecs", "list_tasks", "taskArns", cluster=arn, desiredStatus=status)
        ]
        cluster["Tasks"] = [call.describe_tasks(cluster=arn, tasks=[task])["tasks"][0] for task in tasks]
        clusters.append(cluster)
    definitions = [
        call.describe_task_definition(taskDefinition=arn, include=["TAGS"])
        for status in ("ACTIVE", "INACTIVE")
        for arn in pages("ecs", "list_task_definitions", "taskDefinitionArns", status=status)
    ]
    revisions = [{**answer["taskDefinition"], "Tags": answer.get("tags", [])} for answer in definitions]
    return {"clusters": clusters, "task_definitions": revisions}


def logs():
    groups = pages("logs", "describe_log_groups", "logGroups")
    call = client("logs")
    for group in groups:
        group["Tags"] = call.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    return {"log_groups": groups}


def s3():
    call = client("s3")
    buckets = pages("s3", "list_buckets", "Buckets")
    reads = {
        "Encryption": call.get_bucket_encryption,
        "PublicAccessBlock": call.get_public_access_block,
        "Ownership": call.get_bucket_ownership_controls,
        "Lifecycle": call.get_bucket_lifecycle_configuration,
        "Logging": call.get_bucket_logging,
        "Notification": call.get_bucket_notification_configuration,
        "Policy": call.get_bucket_policy,
        "Tagging": call.get_bucket_tagging,
        "Versioning": call.get_bucket_versioning,
    }
    for bucket in buckets:
        for name, read in reads.items():
            bucket[name] = attempt(read, Bucket=bucket["Name"])
        if isinstance(bucket["Policy"].get("Policy"), str):
            bucket["Policy"] = json.loads(bucket["Policy"]["Policy"])
        objects = pages("s3", "list_objects_v2", "Contents", Bucket=bucket["Name"])
        bucket["Objects"] = [item["Key"] for item in objects]
    return {"buckets": buckets}


def secrets():
    found = pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    return {"secrets": found}


def kms():
    call = client("kms")
    keys = [call.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in pages("kms", "list_keys", "Keys")]
    for key in keys:
        key["Policy"] = call.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
        key["Tags"] = pages("kms", "list_resource_tags", "Tags", KeyId=key["KeyId"])
    return {"keys": keys, "aliases": pages("kms", "list_aliases", "Aliases")}


def client_vpns():
    vpns = pages("ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints")
    for vpn in vpns:
        of = {"ClientVpnEndpointId": vpn["ClientVpnEndpointId"]}
        vpn["Networks"] = pages("ec2", "describe_client_vpn_target_networks", "ClientVpnTargetNetworks", **of)
        vpn["Rules"] = pages("ec2", "describe_client_vpn_authorization_rules", "AuthorizationRules", **of)
    return vpns


def acm():
    call = client("acm")
    arns = [one["CertificateArn"] for one in pages("acm", "list_certificates", "CertificateSummaryList")]
    certificates = [call.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]
    for certificate in certificates:
        tags = call.list_tags_for_certificate(CertificateArn=certificate["CertificateArn"])
        certificate["Tags"] = tags["Tags"]
    return {"certificates": certificates}


def route53():
    call = client("route53")
    zones = pages("route53", "list_hosted_zones", "HostedZones")
    for zone in zones:
        zone["VPCs"] = call.get_hosted_zone(Id=zone["Id"]).get("VPCs", [])
        zone["Records"] = pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
    return {"hosted_zones": zones}


def backup():
    call = client("backup")
    vaults = pages("backup", "list_backup_vaults", "BackupVaultList")
    for vault in vaults:
        name = {"BackupVaultName": vault["BackupVaultName"]}
        vault["Tags"] = call.list_tags(ResourceArn=vault["BackupVaultArn"]).get("Tags", {})
        vault["Policy"] = attempt(call.get_backup_vault_access_policy, **name)
        vault["RecoveryPoints"] = pages("backup", "list_recovery_points_by_backup_vault", "RecoveryPoints", **name)
        for point in vault["RecoveryPoints"]:
            point["Tags"] = attempt(call.list_tags, ResourceArn=point["RecoveryPointArn"]).get("Tags", {})
    return {"vaults": vaults}


def cloudwatch():
    call = client("cloudwatch")
    alarms = pages("cloudwatch", "describe_alarms", "MetricAlarms")
    for alarm in alarms:
        alarm["Tags"] = call.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    dashboards = pages("cloudwatch", "list_dashboards", "DashboardEntries")
    for dashboard in dashboards:
        dashboard["Body"] = json.loads(call.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
    return {"alarms": alarms, "dashboards": dashboards}


def sns():
    call = client("sns")
    topics = pages("sns", "list_topics", "Topics")
    for topic in topics:
        arn = topic["TopicArn"]
        topic["Attributes"] = call.get_topic_attributes(TopicArn=arn)["Attributes"]
        topic["Subscriptions"] = pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
        topic["Tags"] = call.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {"topics": topics}


def events():
    call = client("events")
    rules = pages("events", "list_rules", "Rules")
    for rule in rules:
        rule["Targets"] = pages("events", "list_targets_by_rule", "Targets", Rule=rule["Name"])
        rule["Tags"] = call.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
    return {"rules": rules}


def secret_values():
    call = client("secretsmanager")
    return {
        secret["Name"]: attempt(call.get_secret_value, SecretId=secret["ARN"]).get("SecretString")
        for secret in secrets()["secrets"]
    }


def everything():
    readers = {
        "ec2": ec2, "iam": iam, "efs": efs, "elb": elb, "ecs": ecs, "logs": logs, "s3": s3,
        "secrets": secrets, "backup": backup, "kms": kms, "acm": acm, "cloudwatch": cloudwatch, "sns": sns, "events": events,
        "route53": route53,
    }  # fmt: skip
    return {name: read() for name, read in readers.items()}
