//! The printed policies are enough, and nothing in them is too much: the emulator judges every call by action, resource
//! and conditions, as the Service Authorization Reference has them. That each action is needed is shown by
//! `fault_sweep::permission`.

pub mod exceptions;
pub mod lifecycle;
pub mod operator;

use std::collections::BTreeSet;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::encrypted_sessions;
use crate::existing::ExistingResources;

use exceptions::UNUSED;
use lifecycle::Walked;
use operator::{Operator, actions, statements, texts, without};

pub const NEW: &str = include_str!("../../plans/new-vpc.toml");

/// A plan file that uses all existing resources that can be combined.
fn borrowing(resources: &ExistingResources) -> String {
    let ExistingResources { vpc, subnets: [a, b], cluster, load_balancer, task_role, key, certificate, .. } = resources;
    format!(
        "name = \"prod\"\nrelease = \"5.0.0\"\n\
         [existing]\nvpc = \"{vpc}\"\nprivate_subnets = [\"{a}\", \"{b}\"]\ncluster = \"{cluster}\"\n\
         load_balancer = \"{load_balancer}\"\ntask_role = \"{task_role}\"\nkms_key = \"{key}\"\n\
         [load_balancer]\ncertificate_arn = \"{certificate}\"\n\
         [identity]\npermissions_boundary = \"{}\"\n\
         [proxy]\nsecret = \"{}\"\n",
        resources.boundary, resources.proxy_secret
    )
}

#[test]
fn the_printed_policies_are_sufficient_and_necessary() {
    let Walked { printed, used } = Walked::once();
    let unused: BTreeSet<&str> = printed.iter().filter(|one| !used.contains_key(*one)).map(String::as_str).collect();
    let excepted: BTreeSet<&str> = UNUSED.iter().map(|(action, _)| *action).collect();
    println!("actions: printed {}, used {}, excepted {}", printed.len(), printed.len() - unused.len(), unused.len());
    assert_eq!(unused, excepted);
}

#[test]
fn the_printed_policies_cover_existing_resources() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let one = Operator::new(&account, &borrowing(&resources));
    one.does("plan", &["plan", "FILE"]);
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("plan", &["status", "FILE"]);
    one.does("list", &["list"]);
    one.does("list", &["status", "--all"]);
    one.does("upgrade", &["backup", "create", "FILE", "--yes"]);
    one.does("upgrade", &["stop", "FILE", "--yes"]);
    one.does("upgrade", &["start", "FILE", "--yes"]);
    for way in ["task", "load-balancer"] {
        one.does("open", &["open", "FILE", "--check", "--local-port", "0", "--via", way]);
    }
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    resources.assert_untouched(&account);
    let made = actions(&one.printed("apply"));
    for action in
        ["ec2:CreateVpc", "ec2:CreateNatGateway", "ecs:CreateCluster", "elasticloadbalancing:CreateLoadBalancer"]
    {
        assert!(!made.contains(action), "{action}");
    }
}

#[test]
fn the_printed_policies_cover_encrypted_sessions() {
    let account = Account::new(SCALE);
    encrypted_sessions::cluster(&account);
    let one = Operator::new(&account, "name = \"prod\"\nrelease = \"5.0.0\"\n[existing]\ncluster = \"shared\"\n");
    one.does("apply", &["apply", "FILE", "--yes"]);
    let used = one.does("upgrade", &["exec", "FILE", "core", "--", "true"]);
    assert!(used.contains("kms:GenerateDataKey"), "{used:?}");
    let printed = one.printed("upgrade");
    let sessions = statements(&printed).find(|one| one["Sid"] == "EncryptSessions").expect("a statement");
    assert_eq!(sessions["Condition"]["StringLike"]["kms:EncryptionContext:aws:ssm:TargetId"], "ecs:shared_*");
    assert!(!statements(&one.printed("apply")).any(|one| one["Sid"] == "EncryptSessions"));
}

#[test]
fn the_printed_policies_cover_a_name() {
    let account = Account::new(SCALE);
    account.by_hand(r#"client("route53").create_hosted_zone(Name="example.com", CallerReference="theirs")"#);
    let certificate = "zone = \"example.com\"\ncertificate = true\n";
    let zones = ["", "zone = \"example.com\"\n", certificate];
    for (name, zone) in ["ce.example.internal", "ce.example.com", "ce.example.com"].into_iter().zip(zones) {
        let plan = format!("name = \"prod\"\nrelease = \"5.0.0\"\n[dns]\nname = \"{name}\"\n{zone}");
        let one = Operator::new(&account, &plan);
        one.does("plan", &["plan", "FILE"]);
        let used = one.does("apply", &["apply", "FILE", "--yes"]);
        assert!(used.contains("route53:ChangeResourceRecordSets"), "{used:?}");
        assert_eq!(used.contains("acm:RequestCertificate"), zone == certificate, "{used:?}");
        one.does("plan", &["status", "FILE"]);
        one.does("plan", &["path", "FILE", "--from", "172.16.0.0/16"]);
        one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    }
}

#[test]
fn the_printed_policies_cover_a_client_vpn() {
    let account = Account::new(SCALE);
    let plan = "name = \"prod\"\nrelease = \"5.0.0\"\n[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n";
    let one = Operator::new(&account, plan);
    one.does("plan", &["plan", "FILE"]);
    let used = one.does("apply", &["apply", "FILE", "--yes"]);
    assert!(used.contains("ec2:CreateClientVpnEndpoint") && used.contains("acm:ImportCertificate"), "{used:?}");
    one.does("plan", &["status", "FILE"]);
    let used = one.does("vpn", &["vpn", "config", "FILE", "--client", "alice", "-o", "alice.ovpn"]);
    assert!(used.contains("secretsmanager:GetSecretValue"), "{used:?}");
    let used = one.does("apply", &["vpn", "revoke", "FILE", "--config", "alice.ovpn", "--yes"]);
    assert!(used.contains("ec2:ImportClientVpnClientCertificateRevocationList"), "{used:?}");
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
}

#[test]
fn another_deployments_policy_allows_nothing() {
    let account = Account::new(SCALE);
    let one = Operator::new(&account, NEW);
    let own = one.printed("apply");
    let other = Operator::new(&account, &NEW.replace("name = \"prod\"", "name = \"other\""));
    let ran = one.run_with(&other.printed("apply"), &["apply", "FILE", "--yes"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    let ran = other.run_with(&own, &["apply", "FILE", "--yes"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    // What somebody else's policy has not made, it cannot delete either.
    one.does("apply", &["apply", "FILE", "--yes"]);
    let before = account.journal(0).len();
    let ran = one.run_with(&other.printed("destroy"), &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    let changed =
        account.journal(before).into_iter().filter(|call| call["mutating"] == true && call["error"].is_null());
    assert_eq!(changed.map(|call| text(&call["operation"]).to_owned()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_document_fits_and_is_scoped() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    for plan in [NEW.to_owned(), borrowing(&resources)] {
        let one = Operator::new(&account, &plan);
        for purpose in ["", "list", "plan", "apply", "upgrade", "open", "destroy"] {
            let policies = one.printed(purpose);
            assert_eq!(policies, one.printed(purpose), "the same each time");
            let sizes: Vec<_> = policies.iter().map(|policy| policy.to_string().len()).collect();
            println!("{purpose:8} {} actions, characters {sizes:?}", actions(&policies).len());
            assert!(policies.len() <= 10 && sizes.iter().all(|size| *size <= 6144), "{sizes:?}");
            for statement in statements(&policies) {
                let all = texts(&statement["Action"]);
                assert!(all.iter().all(|action| !action.contains('*')), "{statement}");
                assert!(text(&statement["Sid"]).chars().all(|c| c.is_ascii_alphanumeric()), "{statement}");
                let reads =
                    |action: &&str| ["Describe", "List", "Get"].iter().any(|verb| action.contains(&format!(":{verb}")));
                let is_bound = statement["Resource"] != "*" || !statement["Condition"].is_null();
                let known = [
                    "ecs:DeregisterTaskDefinition",
                    "backup:StopBackupJob",
                    "backup-storage:MountCapsule",
                    "sns:Unsubscribe",
                ];
                assert!(is_bound || all.iter().all(|one| reads(one) || known.contains(one)), "{statement}");
            }
        }
    }
}

#[test]
fn doctor_names_missing_permissions() {
    let account = Account::new(SCALE);
    let one = Operator::new(&account, NEW);
    let all = one.printed("");
    let said = one.run_with(&all, &["doctor", "FILE"]).stdout;
    assert!(!said.contains("permission/"), "{said}");
    // Of each use one, and what the lease and the history need.
    for action in
        ["ec2:CreateNatGateway", "ecs:DeleteService", "backup:StartRestoreJob", "s3:DeleteBucket", "s3:PutObject"]
    {
        let said = one.run_with(&without(&all, action), &["doctor", "FILE"]).stdout;
        assert!(said.contains("permission/missing") && said.contains(action), "{action}: {said}");
    }
    let said = one.run_with(&without(&all, "iam:SimulatePrincipalPolicy"), &["doctor", "FILE"]).stdout;
    assert!(said.contains("permission/not-checked"), "{said}");
    // A caller that may only plan sees what planning needs.
    let planner = one.printed("plan");
    let said = one.run_with(&planner, &["doctor", "FILE", "--for", "plan"]).stdout;
    assert!(!said.contains("permission/"), "{said}");
    let said = one.run_with(&planner, &["doctor", "FILE", "--for", "apply"]).stdout;
    assert!(said.contains("permission/missing") && said.contains("ec2:CreateNatGateway"), "{said}");
    assert!(said.contains("ce-aws policy FILE --for apply") && !said.contains("backup:StartRestoreJob"), "{said}");
}
