//! Every property of the vendor's template (CE 5.0.0), with this program's repairs, by an independent inventory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::account::text;

/// Checks an account in which `plans/new-vpc.toml` has been applied.
pub fn check(read: &Value, account: &str) {
    let seen = Seen { read, account };
    seen.network();
    seen.groups();
    seen.hardening();
    seen.roles();
    seen.storage();
    seen.ingress();
    seen.buckets();
    seen.logs();
    seen.task();
    seen.service();
    seen.tags();
}

struct Seen<'a> {
    read: &'a Value,
    account: &'a str,
}

/// Path in the container, volume, and whether it is read-only.
type Mount = (&'static str, &'static str, bool);

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn tag<'a>(item: &'a Value, key: &str) -> &'a str {
    let tags = ["Tags", "TagList", "TagSet", "tags"].iter().find_map(|name| item.get(*name)).unwrap_or(&Value::Null);
    if let Some(value) = tags.get(key) {
        return text(value);
    }
    let found = list(tags).iter().find(|tag| tag["Key"] == key || tag["key"] == key);
    found.map_or("", |tag| text(if tag["Value"].is_null() { &tag["value"] } else { &tag["Value"] }))
}

impl Seen<'_> {
    /// The resource at an address, by its tag.
    fn at(&self, items: &str, address: &str) -> &Value {
        let mut place = self.read;
        for name in items.split('.') {
            place = &place[name];
        }
        list(place)
            .iter()
            .find(|item| tag(item, "ce-aws:address") == address)
            .unwrap_or_else(|| panic!("{items} has nothing at {address}"))
    }

    fn id(&self, items: &str, address: &str, key: &str) -> String {
        text(&self.at(items, address)[key]).to_owned()
    }

    fn network(&self) {
        let vpc = self.at("ec2.vpcs", "vpc/main");
        assert_eq!(vpc["CidrBlock"], "172.16.0.0/16");
        assert_eq!((&vpc["EnableDnsSupport"], &vpc["EnableDnsHostnames"]), (&json!(true), &json!(true)));
        let vpc = text(&vpc["VpcId"]);
        let subnets = [
            ("private-a", "172.16.1.0/24", "us-east-1a"),
            ("private-b", "172.16.2.0/24", "us-east-1b"),
            ("public-a", "172.16.3.0/24", "us-east-1a"),
            ("public-b", "172.16.4.0/24", "us-east-1b"),
        ];
        for (name, cidr, zone) in subnets {
            let subnet = self.at("ec2.subnets", &format!("subnet/{name}"));
            assert_eq!((text(&subnet["CidrBlock"]), text(&subnet["AvailabilityZone"])), (cidr, zone));
            assert_eq!((text(&subnet["VpcId"]), &subnet["MapPublicIpOnLaunch"]), (vpc, &json!(false)));
        }
        let gateway = self.at("ec2.internet_gateways", "internet-gateway/main");
        assert_eq!(gateway["Attachments"][0]["VpcId"], vpc);
        let public = self.at("ec2.route_tables", "route-table/public");
        assert_eq!(default_route(public)["GatewayId"], gateway["InternetGatewayId"]);
        assert_eq!(associated(public), self.subnets(&["public-a", "public-b"]));
        for zone in ["a", "b"] {
            let nat = self.at("ec2.nat_gateways", &format!("nat-gateway/{zone}"));
            assert_eq!((text(&nat["State"]), text(&nat["ConnectivityType"])), ("available", "public"));
            assert_eq!(nat["SubnetId"], self.at("ec2.subnets", &format!("subnet/public-{zone}"))["SubnetId"]);
            let address = self.at("ec2.addresses", &format!("elastic-ip/{zone}"));
            assert_eq!(address["Domain"], "vpc");
            assert_eq!(nat["NatGatewayAddresses"][0]["AllocationId"], address["AllocationId"]);
            let routes = self.at("ec2.route_tables", &format!("route-table/private-{zone}"));
            assert_eq!(default_route(routes)["NatGatewayId"], nat["NatGatewayId"]);
            assert_eq!(associated(routes), self.subnets(&[&format!("private-{zone}")]));
        }
        assert_eq!(list(&self.read["ec2"]["vpc_endpoints"]).len(), 0, "an endpoint nobody uses");
        let log = self.at("ec2.flow_logs", "flow-log/vpc");
        assert_eq!((text(&log["ResourceId"]), text(&log["TrafficType"])), (vpc, "REJECT"));
        assert_eq!(
            (text(&log["LogDestinationType"]), text(&log["LogGroupName"])),
            ("cloud-watch-logs", "/ce-aws/prod/flow")
        );
    }

    fn subnets(&self, names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| self.id("ec2.subnets", &format!("subnet/{name}"), "SubnetId")).collect()
    }

    fn group(&self, name: &str) -> String {
        self.id("ec2.security_groups", &format!("security-group/{name}"), "GroupId")
    }

    /// The rules of a group as `protocol from-to peer`.
    fn rules(&self, group: &str, egress: bool) -> BTreeSet<String> {
        let rules = list(&self.read["ec2"]["security_group_rules"]).iter();
        rules
            .filter(|rule| rule["GroupId"] == group && rule["IsEgress"] == egress)
            .map(|rule| {
                let peer = [&rule["CidrIpv4"], &rule["ReferencedGroupInfo"]["GroupId"]].into_iter().map(text);
                format!(
                    "{} {}-{} {}",
                    text(&rule["IpProtocol"]),
                    rule["FromPort"],
                    rule["ToPort"],
                    peer.collect::<String>()
                )
            })
            .collect()
    }

    fn groups(&self) {
        let set = |rules: &[String]| rules.iter().cloned().collect::<BTreeSet<_>>();
        let (balancer, task, files) = (self.group("load-balancer"), self.group("task"), self.group("file-system"));
        let ports = [80, 443].map(|port| format!("tcp {port}-{port} 172.16.0.0/16"));
        assert_eq!(self.rules(&balancer, false), set(&ports));
        assert_eq!(self.rules(&task, false), set(&[format!("tcp 3000-3000 {balancer}")]));
        assert_eq!(self.rules(&files, false), set(&[format!("tcp 2049-2049 {task}")]));
        for group in [balancer, task, files] {
            assert_eq!(self.rules(&group, true), set(&["-1 -1--1 0.0.0.0/0".to_owned()]));
        }
    }

    fn hardening(&self) {
        let default = self.at("ec2.security_groups", "default-security-group/main");
        assert_eq!(default["GroupName"], "default");
        let id = text(&default["GroupId"]);
        assert!(self.rules(id, false).is_empty() && self.rules(id, true).is_empty());
        let acl = self.at("ec2.network_acls", "default-network-acl/main");
        let mut entries: Vec<_> = list(&acl["Entries"]).iter().filter(|entry| entry["RuleNumber"] != 32767).collect();
        entries.sort_by_key(|entry| entry["RuleNumber"].as_i64());
        let shown = |egress: bool| {
            let of = entries.iter().filter(|entry| entry["Egress"] == egress);
            of.map(|entry| {
                let (from, to) = (&entry["PortRange"]["From"], &entry["PortRange"]["To"]);
                let ports = if from.is_null() { String::new() } else { format!(" {from}-{to}") };
                let (action, protocol) = (text(&entry["RuleAction"]), text(&entry["Protocol"]));
                format!("{action} {protocol}{ports} {}", text(&entry["CidrBlock"]))
            })
            .collect::<Vec<_>>()
        };
        let inbound = [
            "deny 6 22-22 0.0.0.0/0",
            "deny 6 3389-3389 0.0.0.0/0",
            "allow -1 172.16.0.0/16",
            "allow 6 1024-65535 0.0.0.0/0",
            "allow 17 1024-65535 0.0.0.0/0",
            "allow 1 0.0.0.0/0",
        ];
        assert_eq!(shown(false), inbound);
        assert_eq!(shown(true), ["allow -1 0.0.0.0/0"]);
    }

    fn roles(&self) {
        let trusts = [
            ("task", "ecs-tasks.amazonaws.com"),
            ("execution", "ecs-tasks.amazonaws.com"),
            ("flow-log", "vpc-flow-logs.amazonaws.com"),
        ];
        for (purpose, service) in trusts {
            let role = self.at("iam.roles", &format!("role/{purpose}"));
            assert_eq!(role["RoleName"], format!("ce-prod-us-east-1-{purpose}"));
            assert_eq!(list(&role["Managed"]).len(), 0, "no managed policies");
            let trust = role["AssumeRolePolicyDocument"].to_string();
            assert!(trust.contains(service) && trust.contains(self.account), "{trust}");
        }
        let actions = |purpose: &str| self.statements(&format!("role/{purpose}"));
        let vendor = "arn:aws:ecr:us-east-1:709825985650:repository/netskope";
        let repositories =
            ["cloudexchange", "core5", "mongodb", "rabbitmq", "ui5"].map(|name| format!("{vendor}/{name}"));
        let secret = text(&self.read["secrets"]["secrets"][0]["ARN"]).to_owned();
        let group = format!("arn:aws:logs:us-east-1:{}:log-group:/ce-aws/prod/task", self.account);
        let execution = actions("execution");
        assert_eq!(execution["ecr:GetAuthorizationToken"], ["*"]);
        for action in ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"] {
            assert_eq!(execution[action], repositories, "{action}");
        }
        assert_eq!(execution["secretsmanager:GetSecretValue"], [secret.as_str()]);
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            assert!(execution[action].iter().all(|resource| resource.starts_with(&group)), "{action}");
        }
        assert_eq!(execution.len(), 7, "{execution:?}");
        let task = actions("task");
        let system = text(&self.at("efs.file_systems", "file-system/main")["FileSystemArn"]);
        for action in ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"] {
            assert_eq!(task[action], [system], "{action}");
        }
        for channel in ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"] {
            assert_eq!(task[&format!("ssmmessages:{channel}")], ["*"]);
        }
        assert_eq!(task.len(), 6, "{task:?}");
    }

    /// The resources of every action that a role's inline policies allow.
    fn statements(&self, address: &str) -> BTreeMap<String, Vec<String>> {
        let many = |value: &Value| match value {
            Value::String(one) => vec![one.clone()],
            other => list(other).iter().map(|item| text(item).to_owned()).collect(),
        };
        let role = self.at("iam.roles", address);
        let mut found = BTreeMap::new();
        for policy in role["Inline"].as_object().into_iter().flat_map(|map| map.values()) {
            for statement in list(&policy["Statement"]) {
                assert_eq!(statement["Effect"], "Allow");
                let mut resources = many(&statement["Resource"]);
                resources.sort();
                for action in many(&statement["Action"]) {
                    found.insert(action, resources.clone());
                }
            }
        }
        found
    }

    fn storage(&self) {
        let system = self.at("efs.file_systems", "file-system/main");
        assert_eq!((&system["Encrypted"], text(&system["PerformanceMode"])), (&json!(true), "generalPurpose"));
        assert_eq!((text(&system["ThroughputMode"]), text(&system["LifeCycleState"])), ("elastic", "available"));
        assert_eq!(system["Backup"]["BackupPolicy"]["Status"], "ENABLED");
        let policy = text(&system["Policy"]["Policy"]);
        for part in ["ClientMount", "ClientWrite", "aws:SecureTransport", "ce-prod-us-east-1-task"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("ClientRootAccess"), "{policy}");
        let targets = list(&system["MountTargets"]);
        let subnets: BTreeSet<String> = targets.iter().map(|target| text(&target["SubnetId"]).to_owned()).collect();
        assert_eq!(subnets, self.subnets(&["private-a", "private-b"]));
        for target in targets {
            assert_eq!(target["SecurityGroups"], json!([self.group("file-system")]));
            assert_eq!(target["LifeCycleState"], "available");
        }
        let points = list(&self.read["efs"]["access_points"]);
        let paths: BTreeSet<&str> = points.iter().map(|point| text(&point["RootDirectory"]["Path"])).collect();
        let expected = [
            "/data/mongo-data/data/db",
            "/data/mongo-init",
            "/data/certificate",
            "/data/ssl_certs",
            "/data/custom_plugins",
            "/data/repos",
            "/data/rabbitmq",
            "/data/rabbitmq-data",
        ];
        assert_eq!(paths, BTreeSet::from(expected));
        for point in points {
            assert_eq!((&point["PosixUser"]["Uid"], &point["PosixUser"]["Gid"]), (&json!(1001), &json!(1001)));
            let created = json!({ "OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "0777" });
            assert_eq!(point["RootDirectory"]["CreationInfo"], created);
        }
    }

    fn ingress(&self) {
        let balancer = self.at("elb.load_balancers", "load-balancer/main");
        assert_eq!((text(&balancer["LoadBalancerName"]), text(&balancer["Type"])), ("ce-prod", "application"));
        assert_eq!((text(&balancer["Scheme"]), text(&balancer["IpAddressType"])), ("internal", "ipv4"));
        assert_eq!(balancer["State"]["Code"], "active");
        assert_eq!(balancer["SecurityGroups"], json!([self.group("load-balancer")]));
        let zones = list(&balancer["AvailabilityZones"]).iter();
        let subnets: BTreeSet<String> = zones.map(|zone| text(&zone["SubnetId"]).to_owned()).collect();
        assert_eq!(subnets, self.subnets(&["private-a", "private-b"]));
        let attributes = [
            ("deletion_protection.enabled", "true".to_owned()),
            ("routing.http.drop_invalid_header_fields.enabled", "true".to_owned()),
            ("idle_timeout.timeout_seconds", "300".to_owned()),
            ("access_logs.s3.enabled", "true".to_owned()),
            ("access_logs.s3.bucket", self.bucket("alb-logs")),
            ("access_logs.s3.prefix", String::new()),
        ];
        for (name, value) in attributes {
            assert_eq!(text(&balancer["Attributes"][name]), value, "{name}");
        }
        let group = self.at("elb.target_groups", "target-group/ui");
        assert_eq!(
            (&group["Port"], text(&group["Protocol"]), text(&group["ProtocolVersion"])),
            (&json!(3000), "HTTP", "HTTP1")
        );
        assert_eq!((text(&group["TargetType"]), text(&group["HealthCheckPath"])), ("ip", "/"));
        assert_eq!(
            (&group["HealthCheckIntervalSeconds"], &group["HealthCheckTimeoutSeconds"]),
            (&json!(30), &json!(10))
        );
        assert_eq!((&group["HealthyThresholdCount"], &group["UnhealthyThresholdCount"]), (&json!(2), &json!(3)));
        assert_eq!(group["Matcher"]["HttpCode"], "200");
        assert_eq!(group["Attributes"]["deregistration_delay.timeout_seconds"], "30");
        let listeners = list(&balancer["Listeners"]);
        assert_eq!(listeners.len(), 1);
        assert_eq!((&listeners[0]["Port"], text(&listeners[0]["Protocol"])), (&json!(80), "HTTP"));
        assert_eq!(listeners[0]["DefaultActions"][0]["TargetGroupArn"], group["TargetGroupArn"]);
        let targets = list(&group["Targets"]);
        assert_eq!((targets.len(), text(&targets[0]["TargetHealth"]["State"])), (1, "healthy"));
    }

    fn bucket(&self, purpose: &str) -> String {
        format!("ce-prod-{}-us-east-1-{purpose}", self.account)
    }

    fn buckets(&self) {
        let logs = self.bucket("access-logs");
        for (purpose, delivers) in [
            ("alb-logs", "logdelivery.elasticloadbalancing.amazonaws.com"),
            ("access-logs", "logging.s3.amazonaws.com"),
        ] {
            let name = self.bucket(purpose);
            let bucket = list(&self.read["s3"]["buckets"]).iter().find(|bucket| bucket["Name"] == name.as_str());
            let bucket = bucket.unwrap_or_else(|| panic!("no bucket {name}"));
            let encryption = &bucket["Encryption"]["ServerSideEncryptionConfiguration"]["Rules"][0];
            assert_eq!(encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
            let blocks = &bucket["PublicAccessBlock"]["PublicAccessBlockConfiguration"];
            for block in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
                assert_eq!(blocks[block], true, "{block}");
            }
            assert_eq!(bucket["Ownership"]["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced");
            assert!(bucket["Notification"]["EventBridgeConfiguration"].is_object(), "{}", bucket["Notification"]);
            let rule = &bucket["Lifecycle"]["Rules"][0];
            assert_eq!((text(&rule["Status"]), text(&rule["Filter"]["Prefix"])), ("Enabled", ""), "the whole bucket");
            assert_eq!((&rule["Expiration"]["Days"], &rule["Transitions"][0]["Days"]), (&json!(365), &json!(1)));
            assert_eq!(rule["Transitions"][0]["StorageClass"], "GLACIER");
            assert_eq!(bucket["Lifecycle"]["TransitionDefaultMinimumObjectSize"], "all_storage_classes_128K");
            let policy = bucket["Policy"].to_string();
            for part in [delivers, "aws:SecureTransport", "s3:PutObject", self.account] {
                assert!(policy.contains(part), "{part}: {policy}");
            }
            let target = &bucket["Logging"]["LoggingEnabled"]["TargetBucket"];
            let expected = if purpose == "alb-logs" { json!(logs) } else { Value::Null };
            assert_eq!(target, &expected, "server access logs of {purpose}");
        }
    }

    fn logs(&self) {
        for name in ["/ce-aws/prod/task", "/ce-aws/prod/flow"] {
            let group = list(&self.read["logs"]["log_groups"]).iter().find(|group| group["logGroupName"] == name);
            assert_eq!(group.unwrap_or_else(|| panic!("no log group {name}"))["retentionInDays"], 365);
        }
    }

    fn task(&self) {
        let definitions = list(&self.read["ecs"]["task_definitions"]);
        assert_eq!(definitions.len(), 1, "one revision");
        let task = &definitions[0];
        assert_eq!((text(&task["family"]), text(&task["networkMode"])), ("ce-prod", "awsvpc"));
        assert_eq!((text(&task["cpu"]), text(&task["memory"])), ("8192", "16384"));
        assert_eq!(task["requiresCompatibilities"], json!(["FARGATE"]));
        assert!(text(&task["executionRoleArn"]).ends_with("ce-prod-us-east-1-execution"));
        assert!(text(&task["taskRoleArn"]).ends_with("ce-prod-us-east-1-task"));
        let containers: BTreeMap<&str, &Value> =
            list(&task["containerDefinitions"]).iter().map(|one| (text(&one["name"]), one)).collect();
        let vendor = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope";
        let images = [
            ("init-container", "cloudexchange:aws-cli-latest", false, 0),
            ("core-init-container", "core5:11062023", false, 2),
            ("mongodb-primary", "mongodb:5.0", true, 2),
            ("core", "core5:11062023", true, 3),
            ("ui", "ui5:11062023", true, 1),
            ("rabbitmq-stats", "rabbitmq:3.12.6-management", true, 2),
        ];
        assert_eq!(containers.len(), images.len());
        for (name, image, essential, _) in images {
            let container = containers[name];
            // Pinned: a tag that is moved later changes nothing.
            let repository = image.split(':').next().unwrap_or_default();
            let pinned = text(&container["image"]);
            assert!(pinned.starts_with(&format!("{vendor}/{repository}@sha256:")), "{pinned}");
            assert_eq!(text(&container["dockerLabels"]["ce-aws.image"]), format!("{vendor}/{image}"));
            assert_eq!(container["essential"], essential);
            assert_eq!(container["stopTimeout"], 120, "{name}");
            let log = &container["logConfiguration"];
            assert_eq!(
                (text(&log["logDriver"]), text(&log["options"]["awslogs-group"])),
                ("awslogs", "/ce-aws/prod/task")
            );
        }
        let waits = |name: &str| {
            let list = list(&containers[name]["dependsOn"]).iter();
            list.map(|wait| (text(&wait["containerName"]), text(&wait["condition"]))).collect::<BTreeSet<_>>()
        };
        assert_eq!(waits("mongodb-primary"), BTreeSet::from([("init-container", "SUCCESS")]));
        let core = [
            ("core-init-container", "SUCCESS"),
            ("init-container", "SUCCESS"),
            ("mongodb-primary", "HEALTHY"),
            ("rabbitmq-stats", "HEALTHY"),
        ];
        assert_eq!(waits("core"), BTreeSet::from(core));
        assert_eq!(waits("ui"), BTreeSet::from([("core", "START")]));
        let check = &containers["core"]["healthCheck"];
        assert_eq!(
            (&check["interval"], &check["retries"], &check["startPeriod"]),
            (&json!(60), &json!(10), &json!(300))
        );
        assert_eq!(containers["mongodb-primary"]["healthCheck"]["startPeriod"], 300);
        for name in ["mongodb-primary", "rabbitmq-stats"] {
            assert_eq!(containers[name]["user"], "1001:1001");
        }
        let checks = [("mongodb-primary", 300), ("ui", 60), ("rabbitmq-stats", 60)];
        for (name, start) in checks {
            let check = &containers[name]["healthCheck"];
            let times = ["interval", "timeout", "retries", "startPeriod"].map(|time| check[time].as_u64());
            assert_eq!(times, [Some(10), Some(10), Some(10), Some(start)], "{name}");
            assert_eq!(check["command"][0], "CMD-SHELL", "{name}");
        }
        let ports = [("ui", vec![3000]), ("mongodb-primary", vec![27017]), ("rabbitmq-stats", vec![5672, 15672])];
        for (name, expected) in ports {
            let mut open: Vec<u64> = list(&containers[name]["portMappings"])
                .iter()
                .filter_map(|mapping| mapping["containerPort"].as_u64())
                .collect();
            open.sort_unstable();
            assert_eq!(open, expected, "{name}");
        }
        self.mounts(&containers);
        self.environment(&containers);
        let secret = text(&self.read["secrets"]["secrets"][0]["ARN"]);
        let secrets = |name: &str| {
            let list = list(&containers[name]["secrets"]).iter();
            list.map(|one| {
                let from = text(&one["valueFrom"]).strip_prefix(secret).expect("from the one secret");
                (text(&one["name"]), from)
            })
            .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(secrets("core")["JWT_SECRET"], ":jwt_secret::");
        assert_eq!(secrets("core")["MONGO_CONNECTION_STRING"], ":mongo_connection_string::");
        assert_eq!(secrets("core")["RABBITMQ_CONNECTION_STRING"], ":rabbitmq_connection_string::");
        assert_eq!(secrets("mongodb-primary").len(), 2);
        assert_eq!(secrets("rabbitmq-stats").len(), 2);
        for volume in list(&task["volumes"]) {
            let efs = &volume["efsVolumeConfiguration"];
            assert_eq!((text(&efs["transitEncryption"]), text(&efs["rootDirectory"])), ("ENABLED", "/"));
            assert_eq!(efs["authorizationConfig"]["iam"], "ENABLED");
        }
        assert_eq!(list(&task["volumes"]).len(), 8);
    }

    fn mounts(&self, containers: &BTreeMap<&str, &Value>) {
        let expected: [(&str, &[Mount]); 6] = [
            (
                "init-container",
                &[("/certificate", "certificate", false), ("/docker-entrypoint-initdb.d", "mongo-init", false)],
            ),
            ("core-init-container", &[("/data", "custom_plugins", false), ("/repos", "repos", false)]),
            (
                "mongodb-primary",
                &[("/data/db", "mongo-data", false), ("/docker-entrypoint-initdb.d", "mongo-init", true)],
            ),
            (
                "core",
                &[
                    ("/opt/netskope/plugins", "custom_plugins", false),
                    ("/opt/netskope/repos/", "repos", false),
                    ("/usr/local/share/ca-certificates", "certificate", true),
                ],
            ),
            ("ui", &[("/tmp/ssl_certs", "ssl_certs", false)]),
            (
                "rabbitmq-stats",
                &[("/etc/rabbitmq/conf.d", "rabbitmq", false), ("/var/lib/rabbitmq/mnesia/", "rabbitmq-data", false)],
            ),
        ];
        for (name, expected) in expected {
            let mounts = list(&containers[name]["mountPoints"]).iter();
            let mounts: BTreeSet<_> = mounts
                .map(|mount| (text(&mount["containerPath"]), text(&mount["sourceVolume"]), mount["readOnly"] == true))
                .collect();
            assert_eq!(mounts, expected.iter().copied().collect(), "{name}");
        }
    }

    /// Every variable of every container; those that hold secrets come from Secrets Manager instead.
    fn environment(&self, containers: &BTreeMap<&str, &Value>) {
        let latest = "netskopetechnicalalliances/cloudexchange";
        let (core, ui) = (format!("{latest}:core5-latest"), format!("{latest}:ui5-latest"));
        let expected: [(&str, &[(&str, &str)]); 4] = [
            (
                "mongodb-primary",
                &[
                    ("MONGODB_ADVERTISED_HOSTNAME", "localhost"),
                    ("MONGODB_USERNAME", "cteadmin"),
                    ("MONGO_INITDB_ROOT_USERNAME", "root"),
                    ("MONGO_INITDB_DATABASE", "cte"),
                ],
            ),
            (
                "core",
                &[
                    ("ENABLE_CELERY_BEAT", "true"),
                    ("JWT_ALGORITHM", "HS256"),
                    ("ANALYTICS_BASE_URL", "https://reporting.netskope.tech"),
                    ("CORE_LATEST_VERSION_TAG", &core),
                    ("UI_LATEST_VERSION_TAG", &ui),
                    ("MAX_MAINTENANCE_WINDOW_MINUTES", "15"),
                    ("PULL_THREADS", "4"),
                    ("MAX_WAIT_ON_LOCK_IN_MINUTES", "240"),
                    ("REQUESTS_TIMEOUT", "300"),
                    ("POPEN_TIMEOUT", "1800"),
                    ("UI_SERVICE_NAME", "localhost"),
                    ("RABBITMQ_AVAILABLE_STORAGE", "85899345920"),
                    ("MANAGED_CE", "false"),
                    ("ENABLE_DEBUG", "false"),
                ],
            ),
            ("ui", &[("TLS_VERSION", "TLSv1.3"), ("CE_API_URL", "http://localhost"), ("CE_API_PORT", "8000")]),
            (
                "rabbitmq-stats",
                &[
                    ("RABBITMQ_DISK_FREE_LIMIT_ABSOLUTE", "1"),
                    ("RABBITMQ_NODENAME", "rabbit@localhost"),
                    ("RABBITMQ_DEFAULT_USER", "user"),
                ],
            ),
        ];
        for (name, expected) in expected {
            let variables = list(&containers[name]["environment"]).iter();
            let variables: BTreeMap<_, _> = variables.map(|one| (text(&one["name"]), text(&one["value"]))).collect();
            assert_eq!(variables, expected.iter().copied().collect(), "{name}");
        }
        let init = list(&containers["init-container"]["environment"]);
        assert_eq!((init.len(), text(&init[0]["name"])), (1, "DATA"));
        assert!(list(&containers["core-init-container"]["environment"]).is_empty());
    }

    fn service(&self) {
        let cluster = self.at("ecs.clusters", "cluster/main");
        assert_eq!((text(&cluster["clusterName"]), text(&cluster["status"])), ("ce-prod", "ACTIVE"));
        assert!(list(&cluster["settings"]).contains(&json!({ "name": "containerInsights", "value": "enabled" })));
        let services = list(&cluster["Services"]);
        assert_eq!(services.len(), 1);
        let service = &services[0];
        assert_eq!((text(&service["serviceName"]), text(&service["launchType"])), ("ce-prod", "FARGATE"));
        assert_eq!((&service["desiredCount"], &service["runningCount"]), (&json!(1), &json!(1)));
        assert_eq!((text(&service["platformVersion"]), &service["enableExecuteCommand"]), ("1.4.0", &json!(true)));
        assert_eq!(
            (text(&service["propagateTags"]), &service["healthCheckGracePeriodSeconds"]),
            ("SERVICE", &json!(1200))
        );
        assert_eq!(service["availabilityZoneRebalancing"], "DISABLED");
        let deployment = &service["deploymentConfiguration"];
        assert_eq!((&deployment["minimumHealthyPercent"], &deployment["maximumPercent"]), (&json!(0), &json!(100)));
        assert_eq!(deployment["deploymentCircuitBreaker"], json!({ "enable": true, "rollback": false }));
        let network = &service["networkConfiguration"]["awsvpcConfiguration"];
        assert_eq!(
            (text(&network["assignPublicIp"]), &network["securityGroups"]),
            ("DISABLED", &json!([self.group("task")]))
        );
        let target = &service["loadBalancers"][0];
        assert_eq!((text(&target["containerName"]), &target["containerPort"]), ("ui", &json!(3000)));
        let running: Vec<_> = list(&cluster["Tasks"]).iter().filter(|task| task["lastStatus"] == "RUNNING").collect();
        assert_eq!(running.len(), 1);
        assert_eq!(running[0]["healthStatus"], "HEALTHY");
    }

    /// Everything that can carry tags carries the deployment's.
    fn tags(&self) {
        let places = [
            "ec2.subnets",
            "ec2.internet_gateways",
            "ec2.addresses",
            "ec2.nat_gateways",
            "ec2.flow_logs",
            "efs.file_systems",
            "efs.access_points",
            "elb.load_balancers",
            "elb.target_groups",
            "ecs.clusters",
            "ecs.task_definitions",
            "logs.log_groups",
            "secrets.secrets",
        ];
        for place in places {
            let (service, kind) = place.split_once('.').expect("service and kind");
            for item in list(&self.read[service][kind]) {
                let default = item["DefaultForAz"] == true || item["State"] == "deleted";
                let foreign = kind == "internet_gateways" && tag(item, "Name").is_empty();
                if !default && !foreign {
                    assert_eq!(tag(item, "ce-aws:deployment"), "prod", "{place}: {item}");
                    assert!(!tag(item, "ce-aws:digest").is_empty(), "{place}: {item}");
                }
            }
        }
    }
}

fn default_route(table: &Value) -> &Value {
    let found = list(&table["Routes"]).iter().find(|route| route["DestinationCidrBlock"] == "0.0.0.0/0");
    found.unwrap_or_else(|| panic!("no default route in {table}"))
}

fn associated(table: &Value) -> BTreeSet<String> {
    list(&table["Associations"]).iter().filter_map(|one| one["SubnetId"].as_str().map(str::to_owned)).collect()
}
