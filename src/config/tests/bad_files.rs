//! Bad files, one mistake each unless said, and what people see.

use crate::config::examine;

const HEAD: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";

/// Name of the case; whether the two required lines go before it; the rest of the file.
const CASES: &[(&str, bool, &str)] = &[
    ("empty file", false, ""),
    ("name missing", false, "release = \"5.0.0\"\n"),
    ("not TOML: no quotes", false, "name = prod\nrelease = \"5.0.0\"\n"),
    ("not TOML: quote not closed", false, "name = \"prod\nrelease = \"5.0.0\"\n"),
    ("not TOML: json", false, "{\n  \"name\": \"prod\"\n}\n"),
    ("not TOML: yaml", false, "# ours\n\n---\nname: prod\nnetwork:\n  cidr: 10.0.0.0/16\n"),
    ("not TOML: yaml without a mark", false, "name: \"prod\"\nrelease: 5.0.0\n"),
    ("not TOML: anything", false, "name is prod\n"),
    ("required key with a slip", false, "nam = \"prod\"\nrelease = \"5.0.0\"\n"),
    ("key twice", false, "name = \"prod\"\nrelease = \"5.0.0\"\nname = \"test\"\n"),
    ("table twice", true, "[network]\nflow_logs = true\n[network]\nharden = true\n"),
    ("name too long", false, "name = \"cloud-exchange-production\"\nrelease = \"5.0.0\"\n"),
    ("name with bad characters", false, "name = \"Prod_EU\"\nrelease = \"5.0.0\"\n"),
    ("name ends with hyphen", false, "name = \"prod-\"\nrelease = \"5.0.0\"\n"),
    ("unknown release", false, "name = \"prod\"\nrelease = \"5.0\"\n"),
    ("package too small for 6.x", false, "name = \"prod\"\nrelease = \"6.1.0\"\npackage = \"extra-small\"\n"),
    ("CA in a release without", false, "name = \"prod\"\nrelease = \"4.1.0\"\n[ca]\nfile = \"../corp-ca.pem\"\n"),
    ("package too small", false, "name = \"prod\"\nrelease = \"5.1.0\"\npackage = \"small\"\n"),
    ("release is a number", false, "name = \"prod\"\nrelease = 5.0\n"),
    ("unknown label", false, "name = \"prod\"\nrelease = \"5.0.0\"\nallow = \"unsuported\"\n"),
    ("label is a flag", false, "name = \"prod\"\nrelease = \"5.0.0\"\nallow = true\n"),
    ("unknown region", true, "region = \"us-esat-1\"\n"),
    ("region is a zone", true, "region = \"us-east-1a\"\n"),
    ("unknown package", true, "package = \"meduim\"\n"),
    ("unknown package, nothing near", true, "package = \"xxl\"\n"),
    ("unknown key", true, "[network]\nflow_log = true\n"),
    ("unknown table", true, "[netwrok]\nflow_logs = true\n"),
    ("unknown key, nothing near", true, "[storage]\nzzz = 1\n"),
    ("key in the wrong table", true, "[network]\nallowed_cidrs = [\"10.0.0.0/8\"]\n"),
    ("top-level key below a table", true, "[network]\npackage = \"large\"\n"),
    ("existing things inside the network", true, "[network.existing]\nvpc = \"vpc-0a1b2c3d\"\n"),
    ("tags in the wrong table", true, "[service.tags]\nTeam = \"a\"\n"),
    ("key of the vendor's template", true, "VpcCIDR = \"10.0.0.0/16\"\n"),
    ("secret in the file", true, "[secrets]\nmaintenance_password = \"hunter2\"\n"),
    ("wrong type: text for true", true, "[network]\nflow_logs = \"yes\"\n"),
    ("wrong type: text for a list", true, "[access]\nallowed_cidrs = \"10.0.0.0/8\"\n"),
    ("wrong type: number in a list", true, "[access]\nallowed_cidrs = [10]\n"),
    ("wrong type: date for a number", true, "[logs]\nretention_days = 1979-05-27\n"),
    ("wrong type: value for a table", true, "network = \"10.0.0.0/16\"\n"),
    ("wrong type: list of texts for rules", true, "[network]\nextra_ingress = [\"tcp 443\"]\n"),
    ("cidr with host bits", true, "[network]\ncidr = \"10.0.0.5/16\"\n"),
    ("cidr is nonsense", true, "[network]\ncidr = \"10.0.0.0/16/24\"\n"),
    ("cidr is IPv6", true, "[access]\nallowed_cidrs = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n"),
    ("cidr without prefix", true, "[access]\nallowed_cidrs = [\"203.0.113.7\"]\n"),
    ("vpc too large", true, "[network]\ncidr = \"10.0.0.0/8\"\n"),
    ("vpc too small", true, "[network]\ncidr = \"10.0.0.0/26\"\n"),
    (
        "subnet outside the VPC",
        true,
        "[network]\ncidr = \"10.8.0.0/16\"\nprivate_subnets = [\"10.8.1.0/24\", \"10.9.2.0/24\"]\n",
    ),
    ("subnet outside the default VPC", true, "[network]\npublic_subnets = [\"10.8.3.0/24\", \"172.16.4.0/24\"]\n"),
    (
        "subnets overlap",
        true,
        "[network]\nprivate_subnets = [\"172.16.0.0/20\", \"172.16.16.0/20\"]\n\
         public_subnets = [\"172.16.20.0/24\", \"172.16.40.0/24\"]\n",
    ),
    ("subnet overlaps a derived one", true, "[network]\nprivate_subnets = [\"172.16.1.0/24\", \"172.16.4.0/24\"]\n"),
    (
        "subnet too small for a load balancer",
        true,
        "[network]\nprivate_subnets = [\"172.16.1.0/28\", \"172.16.2.0/24\"]\n",
    ),
    ("three subnets", true, "[network]\nprivate_subnets = [\"172.16.1.0/24\", \"172.16.2.0/24\", \"172.16.5.0/24\"]\n"),
    (
        "routes",
        true,
        "[network]\nnat = \"per-zone\"\nroute = [\n\
         { to = \"10.0.0.5/8\", via = \"tgw-0a1b2c3d4e5f67890\" },\n\
         { to = \"pl-x\", via = \"igw-0a1b2c3d4e5f67890\" },\n\
         { to = \"10.0.0.0/8\", via = \"tgw-attach-0a1b2c3d4e5f67890\" },\n\
         { to = \"10.0.0.0/8\", via = \"vpc-0a1b2c3d4e5f67890\" },\n\
         { to = \"10.0.0.0/8\" },\n]\n",
    ),
    (
        "routes that contradict the network",
        true,
        "[network]\nroute = [\n\
         { to = \"0.0.0.0/0\", via = \"tgw-0a1b2c3d4e5f67890\" },\n\
         { to = \"172.16.9.0/24\", via = \"tgw-0a1b2c3d4e5f67890\" },\n\
         { to = \"10.0.0.0/8\", via = \"tgw-0a1b2c3d4e5f67890\" },\n\
         { to = \"10.0.0.0/8\", via = \"pcx-0a1b2c3d4e5f67890\" },\n]\n",
    ),
    (
        "routes in a network of others",
        true,
        "[existing]\nvpc = \"vpc-0a1b2c3d\"\nprivate_subnets = [\"subnet-0a1b2c3d\", \
         \"subnet-0a1b2c3e\"]\n[[network.route]]\nto = \"10.0.0.0/8\"\nvia = \"tgw-0a1b2c3d4e5f67890\"\n",
    ),
    ("a name that is none", true, "[dns]\nname = \"https://CE.example.com/\"\n"),
    ("a name without domain", true, "[dns]\nname = \"ce\"\n"),
    ("a name in another zone", true, "[dns]\nname = \"ce.example.com\"\nzone = \"ample.com\"\n"),
    ("a zone without a name", true, "[dns]\nzone = \"example.com.\"\n"),
    ("a certificate without a public zone", true, "[dns]\nname = \"ce.example.com\"\ncertificate = true\n"),
    ("a certificate without a name", true, "[dns]\ncertificate = true\nvalidation_zone = \"example.com\"\n"),
    (
        "two certificates",
        true,
        "[load_balancer]\ncertificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/1\"\n\
         [dns]\nname = \"ce.example.com\"\nzone = \"example.com\"\ncertificate = true\n",
    ),
    ("a zone that validates nothing", true, "[dns]\nname = \"ce.example.com\"\nvalidation_zone = \"example.com\"\n"),
    (
        "a name outside the zone that validates it",
        true,
        "[dns]\nname = \"ce.example.com\"\ncertificate = true\nvalidation_zone = \"example.org\"\n",
    ),
    ("a name for the task", true, "[load_balancer]\nenabled = false\n[dns]\nname = \"ce.example.com\"\n"),
    ("a VPN without a range", true, "[client_vpn]\nsubnets = 2\n"),
    ("a VPN with a small range", true, "[client_vpn]\nclient_cidr = \"10.100.0.0/24\"\n"),
    ("a VPN in the VPC", true, "[client_vpn]\nclient_cidr = \"172.16.0.0/14\"\n"),
    (
        "a VPN in a network with a route",
        true,
        "[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n\
         [[network.route]]\nto = \"10.0.0.0/8\"\nvia = \"tgw-0a1b2c3d\"\n",
    ),
    (
        "a VPN that AWS does not offer",
        true,
        "[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\nport = 1195\ntransport = \"quic\"\n\
         session_hours = 9\nsubnets = 3\n",
    ),
    (
        "clients of a VPN by half of the certificates",
        true,
        "[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\nclient_root_certificate_arn = \
         \"arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n",
    ),
    (
        "clients of a VPN among the allowed networks",
        true,
        "[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n[access]\nallowed_cidrs = [\"10.100.1.0/24\"]\n",
    ),
    ("same zone twice", true, "[network]\nzones = [\"us-east-1a\", \"us-east-1a\"]\n"),
    ("one zone", true, "[network]\nzones = [\"us-east-1a\"]\n"),
    ("local zone", true, "[network]\nzones = [\"us-east-1a\", \"us-east-1-bos-1a\"]\n"),
    (
        "zone of another region",
        true,
        "region = \"eu-central-1\"\n[network]\nzones = [\"us-east-1a\", \"us-east-1b\"]\n",
    ),
    ("rule without ports", true, "[[network.extra_ingress]]\nprotocol = \"tcp\"\nfrom = \"10.0.0.0/8\"\n"),
    (
        "rule with ports for icmp",
        true,
        "[[network.extra_ingress]]\nprotocol = \"icmp\"\nports = 8\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule with backward ports",
        true,
        "[[network.extra_ingress]]\nprotocol = \"tcp\"\nports = \"2000-1000\"\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule with an impossible port",
        true,
        "[[network.extra_ingress]]\nprotocol = \"tcp\"\nports = 70000\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule with unknown protocol",
        true,
        "[[network.extra_ingress]]\nprotocol = \"https\"\nports = 443\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule that never applies",
        true,
        "[[network.extra_ingress]]\nprotocol = \"tcp\"\nports = 22\nfrom = \"10.0.0.0/8\"\n",
    ),
    (
        "rule without hardening",
        true,
        "[network]\nharden = false\nextra_ingress = [{ protocol = \"all\", from = \"10.0.0.0/8\" }]\n",
    ),
    (
        "rule for an unknown group",
        true,
        "[access]\nextra_ingress = [{ to = \"alb\", protocol = \"tcp\", ports = 8443, from = \"10.0.0.0/8\" }]\n",
    ),
    (
        "rule with a bad description",
        true,
        "[access]\nextra_ingress = [{ to = \"task\", protocol = \"tcp\", ports = 8443, from = \"10.0.0.0/8\", \
         description = \"Müller's\" }]\n",
    ),
    (
        "rule twice",
        true,
        "[access]\nextra_ingress = [\n  { to = \"task\", protocol = \"tcp\", ports = 8443, from = \"10.0.0.0/8\" },\n\
           { to = \"task\", protocol = \"tcp\", ports = \"8443\", from = \"10.0.0.0/8\" },\n]\n",
    ),
    (
        "rule that is there already",
        true,
        "[access]\nallowed_cidrs = [\"10.0.0.0/8\"]\n\
         extra_ingress = [{ to = \"load-balancer\", protocol = \"tcp\", ports = 443, from = \"10.0.0.0/8\" }]\n",
    ),
    (
        "unknown key in a rule",
        true,
        "[network]\nextra_ingress = [{ protocol = \"tcp\", port = 443, from = \"10.0.0.0/8\" }]\n",
    ),
    ("nobody allowed", true, "[access]\nallowed_cidrs = []\n"),
    ("everybody allowed (a warning)", true, "[access]\nallowed_cidrs = [\"0.0.0.0/0\"]\n"),
    (
        "certificate of another region",
        true,
        "region = \"eu-central-1\"\n[load_balancer]\n\
         certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n",
    ),
    (
        "certificate of IAM",
        true,
        "[load_balancer]\ncertificate_arn = \"arn:aws:iam::111122223333:server-certificate/ce\"\n",
    ),
    ("unknown TLS version", true, "[service]\ntls_version = \"TLSv1.2\"\n"),
    (
        "TLS policy that is too old",
        true,
        "[load_balancer]\ncertificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/1\"\n\
         ssl_policy = \"ELBSecurityPolicy-2016-08\"\n",
    ),
    (
        "TLS policy without a certificate",
        true,
        "[load_balancer]\nssl_policy = \"ELBSecurityPolicy-TLS13-1-3-2021-06\"\n",
    ),
    ("idle timeout out of range", true, "[load_balancer]\nidle_timeout_seconds = 0\n"),
    (
        "logs expire before they are archived",
        true,
        "[load_balancer]\nlog_archive_after_days = 30\nlog_expire_after_days = 30\n",
    ),
    ("log days without logs", true, "[load_balancer]\naccess_logs = false\nlog_expire_after_days = 30\n"),
    ("retention that AWS does not know", true, "[logs]\nretention_days = 100\n"),
    ("retention that is too long", true, "[logs]\nretention_days = 36500\n"),
    (
        "flow log retention without flow logs",
        true,
        "[network]\nflow_logs = false\n[logs]\nflow_log_retention_days = 30\n",
    ),
    ("unknown throughput", true, "[storage]\nthroughput = \"provisioned\"\n"),
    ("secret by name", true, "[secrets]\nexisting = \"cloud-exchange\"\n"),
    (
        "secret of another region",
        true,
        "region = \"eu-central-1\"\n[secrets]\n\
         existing = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:cloud-exchange-a1B2c3\"\n",
    ),
    (
        "policy of another partition",
        true,
        "region = \"us-gov-west-1\"\n[identity]\ntask_policy_arns = [\"arn:aws:iam::111122223333:policy/ce\"]\n",
    ),
    ("tag of AWS", true, "[tags]\n\"aws:team\" = \"x\"\n"),
    ("tag of ce-aws", true, "[tags]\n\"CE-AWS:digest\" = \"x\"\n"),
    ("tag Name", true, "[tags]\nName = \"x\"\n"),
    ("tag with a bad character", true, "[tags]\nTeam = \"R&D\"\n"),
    ("tag that is a number", true, "[tags]\nCostCenter = 4711\n"),
    ("tags that differ in case only", true, "[tags]\nTeam = \"a\"\nteam = \"b\"\n"),
    ("control characters are not passed on", true, "package = \"\\u001b[31mred\"\n"),
    (
        "several at once",
        false,
        "name = \"Prod\"\nrelease = \"5.0.0\"\nregion = \"mars-1\"\n[network]\ncidr = \"10.0.0.0/16\"\n\
         private_subnets = [\"10.0.1.0/24\", \"10.1.0.0/24\"]\nzones = [\"us-east-1a\", \"us-east-1a\"]\n\
         [service]\ntls = \"TLSv1.3\"\n",
    ),
];

fn render(text: &str) -> String {
    examine("plan.toml", text, None).problems.render(false)
}

#[test]
fn what_people_see() {
    let shown: Vec<String> = CASES
        .iter()
        .map(|(name, with_head, rest)| {
            let head = if *with_head { HEAD } else { "" };
            format!("=== {name} ===\n{}\n", render(&format!("{head}{rest}")))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn every_case_has_a_finding() {
    for (name, with_head, rest) in CASES {
        let head = if *with_head { HEAD } else { "" };
        assert!(!examine("plan.toml", &format!("{head}{rest}"), None).problems.is_empty(), "{name}");
    }
}

#[test]
fn a_secret_in_the_file_is_not_shown() {
    let lines = [
        "[secrets]\nmaintenance_password = \"hunter2\"",
        "secrets = { maintenance_password = \"hunter2\" }",
        "secrets.jwt_secret = hunter2",
        "JWTSECRET: \"hunter2\"",
        "[network]\n\"https-proxy\" = 'http://me:hunter2@proxy'",
        "[secrets]\nPassword = \"\"\"hunter2",
    ];
    for line in lines {
        let rendered = render(&format!("{HEAD}{line}\n"));
        assert!(!rendered.is_empty() && !rendered.contains("hunter2"), "{rendered}");
    }
    let arn = "[secrets]\nexisting = \"not-an-arn\"\n";
    assert!(render(&format!("{HEAD}{arn}")).contains("not-an-arn"));
    assert!(render(&format!("{HEAD}secrets = {{ existing = \"not-an-arn\" }}\n")).contains("not-an-arn"));
}

#[test]
fn too_many_tags() {
    let tags: String = (1..=44).map(|number| format!("tag{number} = \"x\"\n")).collect();
    insta::assert_snapshot!(render(&format!("{HEAD}[tags]\n{tags}")));
}

#[test]
fn too_many_entries_of_the_network_acl() {
    let file = |rules: u16, more: &str| {
        let rules: String = (1..=rules)
            .map(|port| {
                format!("[[network.extra_ingress]]\nprotocol = \"tcp\"\nports = {port}\nfrom = \"10.0.0.0/8\"\n")
            })
            .collect();
        format!("name = \"prod\"\nrelease = \"5.0.0\"\naccess.allowed_cidrs = [\"10.0.0.0/8\"]\n{more}{rules}")
    };
    // Six of ce-aws's own, two for the allowed network, and AWS's last one.
    assert!(crate::config::load("plan.toml", &file(11, "")).is_ok());
    let problems = crate::config::load("plan.toml", &file(12, "")).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["plan-file/too-many-entries"]);
    // Without a load balancer nothing is at ports 80 and 443.
    assert!(crate::config::load("plan.toml", &file(12, "load_balancer.enabled = false\n")).is_ok());
}

#[test]
fn too_many_policies() {
    let arns: String = (1..=11).map(|number| format!("  \"arn:aws:iam::111122223333:policy/p{number}\",\n")).collect();
    insta::assert_snapshot!(render(&format!("{HEAD}[identity]\ntask_policy_arns = [\n{arns}]\n")));
}

#[test]
fn a_tag_value_of_any_length_is_shown_short() {
    let long = "x".repeat(300);
    let rendered = render(&format!("{HEAD}[tags]\nTeam = \"{long}\"\n"));
    assert!(rendered.starts_with("error[plan-file/bad-tag]: the tag value has 300 characters"), "{rendered}");
}

#[test]
fn the_place_is_exact() {
    let text = format!("{HEAD}[network]\nprivate_subnets = [\"172.16.1.0/24\", \"ä\"]\n");
    let problems = examine("plan.toml", &text, None).problems;
    let places: Vec<_> = problems.iter().map(|problem| problems.position(problem)).collect();
    assert_eq!(places, [(4, 37)]);
}

#[test]
fn colour_is_only_on_request() {
    let problems = examine("plan.toml", "", None).problems;
    assert!(!problems.render(false).contains('\u{1b}'));
    assert!(problems.render(true).contains('\u{1b}'));
}
