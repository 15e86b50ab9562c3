//! What goes with what: what the user brings, and what has no effect beside it.

use crate::config::{Existing, Nat, PlanFile, examine, load};

const HEAD: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";
const VPC: &str = "existing.vpc = \"vpc-0a1b2c3d4e5f67890\"\n\
                   existing.private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0b1c2d3e\"]\n";

/// What `GROUP` and the like in a case stand for.
const SHORT: &[(&str, &str)] = &[
    ("GROUP", "\"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/ce/73e2d6bc24d8a067\""),
    ("BALANCER", "\"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/lb/50dc6c495c0c9188\""),
    ("NLB", "\"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/lb/50dc6c495c0c9188\""),
    ("ROLE", "\"arn:aws:iam::111122223333:role/ce/task\""),
    ("POLICY", "\"arn:aws:iam::111122223333:policy/ce\""),
    ("SECRET", "\"arn:aws:secretsmanager:us-east-1:111122223333:secret:ce-a1B2c3\""),
];

/// Name of the case; whether the file names a VPC; the rest.
const CASES: &[(&str, bool, &str)] = &[
    ("vpc without subnets", false, "existing.vpc = \"vpc-0a1b2c3d\"\n"),
    ("subnets without vpc", false, "existing.private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0b1c2d3e\"]\n"),
    (
        "same subnet twice",
        false,
        "[existing]\nvpc = \"vpc-0a1b2c3d\"\nprivate_subnets = [\"subnet-0a1b2c3d\", \"subnet-0a1b2c3d\"]\n",
    ),
    ("one subnet", false, "[existing]\nvpc = \"vpc-0a1b2c3d\"\nprivate_subnets = [\"subnet-0a1b2c3d\"]\n"),
    (
        "vpc by name",
        false,
        "[existing]\nvpc = \"main\"\nprivate_subnets = [\"subnet-0a1b2c3d\", \"subnet-0b1c2d3e\"]\n",
    ),
    (
        "network beside a vpc",
        true,
        "[network]\ncidr = \"10.0.0.0/16\"\nnat = \"none\"\nflow_logs = false\n[logs]\nflow_log_retention_days = 30\n",
    ),
    ("unknown key of the network beside a vpc", true, "[network]\nflow_log = false\n"),
    ("target group without vpc", false, "existing.target_group = GROUP\n"),
    ("load balancer without vpc", false, "existing.load_balancer = BALANCER\n"),
    ("target group and load balancer", true, "existing.target_group = GROUP\nexisting.load_balancer = BALANCER\n"),
    ("network load balancer", true, "existing.load_balancer = NLB\n"),
    (
        "load balancer settings beside a target group",
        true,
        "existing.target_group = GROUP\nload_balancer.access_logs = false\nload_balancer.enabled = false\n",
    ),
    (
        "settings of a load balancer that is the user's",
        true,
        "existing.load_balancer = BALANCER\n[load_balancer]\nport = 8443\nidle_timeout_seconds = 60\n\
         ssl_policy = \"ELBSecurityPolicy-TLS13-1-3-2021-06\"\n",
    ),
    ("load balancer, and none", true, "existing.load_balancer = BALANCER\nload_balancer.enabled = false\n"),
    ("port of a new load balancer", false, "load_balancer.port = 8443\n"),
    ("impossible port", true, "existing.load_balancer = BALANCER\nload_balancer.port = 0\n"),
    (
        "settings of no load balancer",
        false,
        "[load_balancer]\nenabled = false\ndeletion_protection = false\nport = 80\n",
    ),
    (
        "rule for a load balancer that is not made",
        false,
        "load_balancer.enabled = false\n[[access.extra_ingress]]\nto = \"load-balancer\"\nprotocol = \"tcp\"\n\
         ports = 8443\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule for the task that is there already",
        false,
        "load_balancer.enabled = false\n[[access.extra_ingress]]\nto = \"task\"\nprotocol = \"tcp\"\nports = 3000\n\
         from = \"172.16.0.0/16\"\n",
    ),
    (
        "everybody allowed to the task (a warning)",
        false,
        "load_balancer.enabled = false\naccess.allowed_cidrs = [\"0.0.0.0/0\"]\n",
    ),
    (
        "policies of a role that is the user's",
        false,
        "existing.task_role = ROLE\nidentity.task_policy_arns = [POLICY]\n",
    ),
    ("what a role of the user's may pull", false, "existing.execution_role = ROLE\nidentity.guardduty_agent = true\n"),
    (
        "boundary of no role",
        true,
        "existing.task_role = ROLE\nexisting.execution_role = ROLE\nexisting.backup_role = ROLE\n\
         identity.permissions_boundary = POLICY\n",
    ),
    ("role by name", false, "existing.task_role = \"ce\"\n"),
    (
        "insights of a cluster that is the user's",
        false,
        "existing.cluster = \"shared\"\nservice.container_insights = true\n",
    ),
    ("cluster is a service", false, "existing.cluster = \"arn:aws:ecs:us-east-1:111122223333:service/shared/web\"\n"),
    ("key by name", false, "existing.kms_key = \"ce\"\n"),
    (
        "things of another region",
        true,
        "region = \"cn-north-1\"\n[load_balancer]\n\
         certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/1\"\n\
         [proxy]\nsecret = SECRET\n[ca]\nsecret = SECRET\n[identity]\npermissions_boundary = POLICY\n",
    ),
    (
        "existing things of another region",
        false,
        "region = \"cn-north-1\"\n[existing]\nvpc = \"vpc-0a1b2c3d\"\n\
         private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0b1c2d3e\"]\ntarget_group = GROUP\n\
         cluster = \"arn:aws:ecs:us-east-1:111122223333:cluster/shared\"\n\
         kms_key = \"arn:aws:kms:us-east-1:111122223333:alias/ce\"\ntask_role = ROLE\n",
    ),
    (
        "public subnets without NAT",
        false,
        "[network]\nnat = \"none\"\npublic_subnets = [\"172.16.3.0/24\", \"172.16.4.0/24\"]\n",
    ),
    ("unknown NAT", false, "[network]\nnat = \"perzone\"\n"),
    ("proxy with a password", false, "[proxy]\nhttp = \"http://ce:hunter2@proxy.example.com:3128\"\n"),
    ("proxy without a scheme", false, "[proxy]\nhttp = \"proxy.example.com:3128\"\n"),
    ("proxy with a path", false, "[proxy]\nhttps = \"http://proxy.example.com:3128/\"\n"),
    ("proxy with another scheme", false, "[proxy]\nhttps = \"socks5://proxy.example.com:1080\"\n"),
    ("proxy with an impossible port", false, "[proxy]\nhttps = \"http://proxy.example.com:312800\"\n"),
    ("proxy twice", false, "[proxy]\nhttp = \"http://10.0.0.5:3128\"\nsecret = SECRET\n"),
    ("secret of a proxy by its value", false, "[proxy]\nsecret = \"hunter2\"\n"),
    ("no proxy for no_proxy", false, "[proxy]\nno_proxy = [\"wiki.example.com\"]\n"),
    (
        "hosts that are none",
        false,
        "[proxy]\nhttp = \"http://10.0.0.5:3128\"\n\
         no_proxy = [\n  \"*.example.com\",\n  \"a.example.com,b.example.com\",\n  \
         \"http://wiki\",\n  \"wiki:8080\",\n  \"10.0.0.5/8\",\n]\n",
    ),
    ("host twice", false, "[proxy]\nhttp = \"http://10.0.0.5:3128\"\nno_proxy = [\"wiki\", \"wiki\"]\n"),
    ("empty table of the CA", false, "[ca]\n"),
    ("CA file and secret", false, "[ca]\nfile = \"corp-ca.pem\"\nsecret = SECRET\n"),
    ("registry with a scheme", false, "images.registry = \"https://registry.example.com\"\n"),
    ("registry with a tag", false, "images.registry = \"registry.example.com/core:1\"\n"),
    ("registry without host", false, "images.registry = \"mirror\"\n"),
    ("registry with a password", false, "images.registry = \"https://ce:hunter2@registry.example.com\"\n"),
    ("image of an unknown container", false, "[images.override]\ncroe = \"registry.example.com/core5:1\"\n"),
    ("image without tag", false, "[images.override]\ncore = \"registry.example.com/core5\"\n"),
    ("image without registry", false, "[images.override]\ncore = \"netskope/core5:1\"\n"),
    ("image with a tag and a digest", false, "[images.override]\ncore = \"registry.example.com/core5:1@sha256:00\"\n"),
    ("image in capitals", false, "[images.override]\ncore = \"registry.example.com/Core5:1\"\n"),
    (
        "keys of the vendor's template",
        false,
        "ExistingVPCCidr = \"10.0.0.0/16\"\nExistingECSTaskRole = \"x\"\nHTTPPROXY = \"http://ce:hunter2@proxy\"\n",
    ),
];

fn file(vpc: bool, rest: &str) -> String {
    let vpc = if vpc { VPC } else { "" };
    let rest = SHORT
        .iter()
        .fold(rest.to_owned(), |rest, (short, long)| rest.replace(&format!("= {short}"), &format!("= {long}")));
    let rest = SHORT.iter().fold(rest, |rest, (short, long)| rest.replace(&format!("[{short}]"), &format!("[{long}]")));
    format!("{HEAD}{vpc}{rest}")
}

#[test]
fn what_people_see() {
    let shown = CASES.iter().map(|(name, vpc, rest)| {
        let problems = examine("plan.toml", &file(*vpc, rest), None).problems;
        assert!(!problems.is_empty(), "{name}");
        format!("=== {name} ===\n{problems}\n")
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_password_is_shown() {
    // Plain, escaped, without scheme, over several lines, of a wrong type, and where no address belongs.
    let wrong = [
        "[proxy]\nhttp = \"http://ce:hunter2\\u0040proxy:3128\"\n",
        "[proxy]\nhttp = \"ce:hunter2@proxy:3128\"\n",
        "[proxy]\nhttps = \"\"\"\nhttp://ce:hunter2@proxy:3128\"\"\"\n",
        "[proxy]\nhttp = [\"http://ce:hunter2@proxy:3128\"]\n",
        "[proxy]\nhttp = \"http://10.0.0.5\"\nno_proxy = [\"http://ce:hunter2@wiki\"]\n",
        "[network]\nname = \"<http://ce:hunter2@proxy:3128>\"\n",
        "[images.override]\ncore = \"https://ce:hunter2@registry.example.com/core5:1\"\n",
    ];
    let cases = CASES.iter().map(|(_, _, rest)| *rest).filter(|rest| rest.contains("hunter2"));
    for rest in cases.chain(wrong) {
        let problems = examine("plan.toml", &file(false, rest), None).problems.to_string();
        assert!(!problems.is_empty() && !problems.contains("hunter2"), "{problems}");
    }
}

fn loaded(vpc: bool, rest: &str) -> PlanFile {
    load("plan.toml", &file(vpc, rest)).map_err(|problems| problems.to_string()).unwrap()
}

fn is_refused(vpc: bool, rest: &str) -> bool {
    load("plan.toml", &file(vpc, rest)).is_err()
}

#[test]
fn the_user_may_bring_nothing_or_nearly_everything() {
    assert_eq!(loaded(false, "").existing, Existing::default());
    let all = "existing.cluster = \"arn:aws:ecs:us-east-1:111122223333:cluster/shared\"\n\
               existing.target_group = GROUP\nexisting.task_role = ROLE\nexisting.execution_role = ROLE\n";
    let existing = loaded(true, all).existing;
    assert_eq!(existing.vpc.unwrap().as_str(), "vpc-0a1b2c3d4e5f67890");
    assert_eq!(existing.cluster.unwrap().name(), "shared");
    assert!(existing.task_role.as_ref().unwrap().as_str().ends_with(":role/ce/task"));
    assert_eq!(existing.task_role, existing.execution_role);
}

#[test]
fn a_listener_on_the_users_load_balancer_has_the_usual_port_by_default() {
    let certificate = "load_balancer.certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/1\"\n";
    let port = |rest: &str| loaded(true, &format!("existing.load_balancer = BALANCER\n{rest}")).listens_on();
    assert_eq!((port(""), port(certificate), port("load_balancer.port = 8443\n")), (80, 443, 8443));
}

#[test]
fn a_boundary_serves_the_roles_of_the_flow_log_and_of_backups_too() {
    let rest = "existing.task_role = ROLE\nexisting.execution_role = ROLE\nidentity.permissions_boundary = POLICY\n";
    let (backup, flow) = ("existing.backup_role = ROLE\n", "network.flow_logs = false\n");
    assert!(loaded(false, &format!("{rest}{backup}")).identity.permissions_boundary.is_some());
    assert!(loaded(false, &format!("{rest}{flow}")).identity.permissions_boundary.is_some());
    assert!(is_refused(false, &format!("{rest}{backup}{flow}")));
}

#[test]
fn without_nat_private_subnets_may_lie_where_public_ones_would() {
    let rest = "network.nat = \"none\"\nnetwork.private_subnets = [\"172.16.3.0/24\", \"172.16.4.0/24\"]\n";
    assert_eq!(loaded(false, rest).network.nat, Nat::None);
    assert!(is_refused(false, &rest.replace("none", "single")));
}

#[test]
fn any_number_of_networks_may_be_allowed() {
    let networks = (1..=250).map(|n| format!("\"10.{n}.0.0/16\"")).collect::<Vec<_>>().join(", ");
    let rest = format!("access.allowed_cidrs = [{networks}]\n");
    loaded(false, &rest);
    loaded(false, &format!("{rest}load_balancer.enabled = false\n"));
    loaded(true, &rest);
}

#[test]
fn images_come_from_the_override_the_registry_or_the_vendor() {
    let vendor = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope/core5:11062023".parse().unwrap();
    let image = |rest: &str| loaded(false, rest).images.apply("core", &vendor).to_string();
    assert_eq!(image(""), vendor.to_string());
    let registry = "images.registry = \"registry.example.com:5000/mirror\"\n";
    assert_eq!(image(registry), "registry.example.com:5000/mirror/netskope/core5:11062023");
    let own = |text: &str| format!("{registry}images.override.core = \"{text}\"\n");
    assert_eq!(image(&own("core:2")), "registry.example.com:5000/mirror/core:2");
    assert_eq!(image(&own("other.example.com/core:2")), "other.example.com/core:2");
    let digest = format!("other.example.com/core@sha256:{}", "0".repeat(64));
    assert_eq!(image(&own(&digest)), digest);
    assert_eq!(image(&format!("{registry}images.override.ui = \"ui:2\"\n")), image(registry));
}
