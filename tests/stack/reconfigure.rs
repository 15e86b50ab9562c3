//! A running deployment changes its variant in place: one service, one task at a time, the same data.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::existing::ExistingResources;
use crate::product::Product;
use crate::single_writer::never_two;

/// What a change means for the task that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Stays,
    IsReplaced,
}
use Task::{IsReplaced, Stays};

/// One deployment, from its creation on.
struct Life<'a> {
    account: &'a Account,
    product: Product<'a>,
    /// What must be the same for ever.
    identity: Vec<String>,
}

impl<'a> Life<'a> {
    /// Deploys what the tables of a plan file say.
    fn begin(account: &'a Account, tables: &str) -> Self {
        let product = Product::with_plan(account, &plan(tables));
        product.expect(0, &["apply", "FILE", "--yes"]);
        product.expect(0, &["plan", "FILE", "--exit-code"]);
        Self { account, product, identity: identity(&account.read()) }
    }

    /// Applies other tables: it works, a second plan is empty, nothing has been replaced. Returns what there is then.
    fn switch(&self, to: &str, task: Task, tables: &str) -> Value {
        println!("step: {to}");
        let before = self.tasks();
        self.product.write_plan(&plan(tables));
        let applied = self.product.run(&["apply", "FILE", "--yes"]);
        assert_eq!(applied.code, 0, "{to}:\n{}\n{}", applied.stdout, applied.stderr);
        let planned = self.product.run(&["plan", "FILE", "--exit-code"]);
        assert_eq!(planned.code, 0, "{to}: a second plan is not empty:\n{}\n{}", planned.stdout, planned.stderr);
        never_two(self.account);
        let new = self.tasks().difference(&before).count();
        assert_eq!(new, usize::from(task == IsReplaced), "{to}: new tasks");
        let read = self.account.read();
        assert_eq!(identity(&read), self.identity, "{to}: replaced");
        read
    }

    /// Every task there ever was.
    fn tasks(&self) -> BTreeSet<String> {
        let history = self.account.get("tasks/history");
        history.as_array().expect("states").iter().map(|change| text(&change["task"]).to_owned()).collect()
    }
}

fn plan(tables: &str) -> String {
    format!("name = \"prod\"\nrelease = \"5.0.0\"\n{tables}")
}

/// The service as it was created, the file system and the secret.
fn identity(read: &Value) -> Vec<String> {
    let service = service(read);
    let systems = read["efs"]["file_systems"].as_array().expect("file systems");
    assert_eq!(systems.len(), 1, "one file system");
    let secrets = read["secrets"]["secrets"].as_array().expect("secrets");
    let own = secrets.iter().find(|secret| secret["Name"] == "ce-aws/prod/credentials").expect("the credentials");
    vec![
        format!("{} {}", service["serviceArn"], service["createdAt"]),
        systems[0]["FileSystemId"].to_string(),
        own["ARN"].to_string(),
    ]
}

/// The one service, which runs its one task.
fn service(read: &Value) -> &Value {
    let clusters = read["ecs"]["clusters"].as_array().expect("clusters");
    let mut services = clusters.iter().flat_map(|one| one["Services"].as_array().expect("services"));
    let service = services.next().expect("a service");
    assert_eq!(services.next(), None, "a second service");
    assert_eq!(service["runningCount"], 1, "{service}");
    service
}

/// A container of the service's task definition.
fn container<'a>(read: &'a Value, name: &str) -> &'a Value {
    let containers = definition(read)["containerDefinitions"].as_array().expect("containers");
    containers.iter().find(|one| one["name"] == name).expect("a container of that name")
}

fn definition(read: &Value) -> &Value {
    let wanted = &service(read)["taskDefinition"];
    let all = read["ecs"]["task_definitions"].as_array().expect("task definitions");
    all.iter().find(|one| one["taskDefinitionArn"] == *wanted).expect("the service's task definition")
}

/// Protocols and ports of all listeners.
fn listeners(read: &Value) -> Vec<String> {
    let balancers = read["elb"]["load_balancers"].as_array().expect("load balancers").iter();
    let listeners = balancers.flat_map(|one| one["Listeners"].as_array().expect("listeners"));
    let mut shown: Vec<_> = listeners.map(|one| format!("{} {}", text(&one["Protocol"]), one["Port"])).collect();
    shown.sort();
    shown
}

fn named(container: &Value, list: &str) -> BTreeSet<String> {
    container[list].as_array().into_iter().flatten().map(|one| text(&one["name"]).to_owned()).collect()
}

#[test]
fn a_load_balancer_is_added_changed_and_removed() {
    const ACCESS: &str = "[access]\nallowed_cidrs = [\"172.16.0.0/16\", \"10.9.0.0/16\"]\n";
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let theirs = ["HTTP 80".to_owned()];
    let with = |more: &str| format!("[load_balancer]\n{more}");
    let life = Life::begin(&account, &with("enabled = false\n"));
    assert_eq!(listeners(&account.read()), theirs);

    let read = life.switch("a load balancer", IsReplaced, "");
    assert_eq!(listeners(&read), ["HTTP 80", "HTTP 80"]);
    assert_eq!(service(&read)["healthCheckGracePeriodSeconds"], 1200);
    let read = life.switch("other networks", Stays, ACCESS);
    assert!(read["ec2"]["security_group_rules"].to_string().contains("10.9.0.0/16"));
    let certificate = format!("certificate_arn = \"{}\"\n", resources.certificate);
    let read = life.switch("a certificate", Stays, &with(&certificate));
    assert_eq!(listeners(&read), ["HTTP 80", "HTTP 80", "HTTPS 443"]);
    let off = format!("{certificate}access_logs = false\n");
    let logs = |read: &Value| {
        let balancers = read["elb"]["load_balancers"].as_array().expect("load balancers");
        let own = balancers.iter().find(|one| text(&one["LoadBalancerName"]) != "corp").expect("ours");
        text(&own["Attributes"]["access_logs.s3.enabled"]).to_owned()
    };
    assert_eq!(logs(&life.switch("access logs off", Stays, &with(&off))), "false");
    assert_eq!(logs(&life.switch("access logs on", Stays, &with(&certificate))), "true");
    life.switch("no protection", Stays, &with("deletion_protection = false\n"));
    let read = life.switch("no load balancer", IsReplaced, &with("enabled = false\n"));
    assert_eq!(listeners(&read), theirs);
    assert_eq!(service(&read)["loadBalancers"], json!([]));
    account.post("clock", &json!({ "advance": 900 }));
    resources.assert_untouched(&account);
}

#[test]
fn network_and_size_change_in_place() {
    let account = Account::new(SCALE);
    let life = Life::begin(&account, "");
    let gateways = |read: &Value| {
        let all = read["ec2"]["nat_gateways"].as_array().expect("NAT gateways").iter();
        all.filter(|one| one["State"] == "available").count()
    };
    let vpcs = |read: &Value| read["ec2"]["vpcs"].as_array().expect("VPCs").len();
    assert_eq!((gateways(&account.read()), vpcs(&account.read())), (2, 2));

    assert_eq!(gateways(&life.switch("one NAT gateway", Stays, "[network]\nnat = \"single\"\n")), 1);
    let read = life.switch("none, and other ways of the owner's", Stays, "[network]\nnat = \"none\"\n");
    assert_eq!(gateways(&read), 0);
    let tables = read["ec2"]["route_tables"].as_array().expect("route tables").iter();
    let ours = tables.filter(|table| table["Tags"].to_string().contains("route-table/private-"));
    let routes: Vec<_> = ours.flat_map(|table| table["Routes"].as_array().expect("routes")).collect();
    assert!(!routes.is_empty() && routes.iter().all(|route| route["GatewayId"] == "local"), "dead routes: {routes:?}");
    assert_eq!(gateways(&life.switch("one a zone again", Stays, "")), 2);
    let read = life.switch("flow logs off", Stays, "[network]\nflow_logs = false\n");
    assert_eq!(read["ec2"]["flow_logs"], json!([]));
    let plain = "[network]\nflow_logs = false\nharden = false\n";
    life.switch("hardening off", Stays, plain);
    let plain = &format!("{plain}[service]\ncontainer_insights = false\n");
    let read = life.switch("insights off", Stays, plain);
    assert_eq!(read["ecs"]["clusters"][0]["settings"][0]["value"], "disabled");
    life.switch("debug on", IsReplaced, &format!("{plain}debug = true\n"));
    let read = life.switch("a larger package", IsReplaced, &format!("package = \"large\"\n{plain}"));
    assert_eq!(definition(&read)["cpu"], "16384");
    let read = life.switch("all as at first", IsReplaced, "");
    assert_eq!((gateways(&read), vpcs(&read)), (2, 2));
    assert_eq!(read["ec2"]["flow_logs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn roles_proxy_authority_and_images_change() {
    const PROXY: &str = "[proxy]\nhttp = \"http://10.1.1.1:3128\"\nhttps = \"http://10.1.1.1:3128\"\n";
    const CA: &str = "[ca]\nfile = \"corp-ca.pem\"\n";
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let life = Life::begin(&account, "");
    let trust = |authority: &str| {
        std::fs::write(life.product.folder().join("corp-ca.pem"), authority).expect("the folder can be written");
    };

    let roles = format!(
        "[existing]\ntask_role = \"{}\"\nexecution_role = \"{}\"\n",
        resources.task_role, resources.execution_role
    );
    let read = life.switch("roles of the user's", IsReplaced, &roles);
    assert_eq!(text(&definition(&read)["taskRoleArn"]), resources.task_role);
    assert_eq!(text(&definition(&read)["executionRoleArn"]), resources.execution_role);
    let ours = read["iam"]["roles"].as_array().expect("roles").iter();
    assert!(!ours.into_iter().any(|role| text(&role["RoleName"]) == "ce-prod-us-east-1-task"), "our role is gone");
    let bounded = format!("[identity]\npermissions_boundary = \"{}\"\n", resources.boundary);
    let read = life.switch("roles of ours, bounded", IsReplaced, &bounded);
    assert!(text(&definition(&read)["taskRoleArn"]).ends_with("ce-prod-us-east-1-task"));

    let read = life.switch("a proxy", IsReplaced, PROXY);
    assert!(named(container(&read, "core"), "environment").contains("HTTPS_PROXY"));
    trust(&resources.authorities[0]);
    let read = life.switch("an authority", IsReplaced, &format!("{PROXY}{CA}"));
    assert!(named(container(&read, "init-container"), "secrets").contains("CA_CERTIFICATE"));
    let delivered = || text(&account.inventory(&["secrets"])["ce-aws/prod/ca-certificate"]).trim().to_owned();
    assert_eq!(delivered(), resources.authorities[0].trim());
    trust(&resources.authorities[1]);
    life.switch("another authority", IsReplaced, &format!("{PROXY}{CA}"));
    assert_eq!(delivered(), resources.authorities[1].trim());
    let image = "[images.override]\nui = \"registry.example.com/mirror/ui5:1\"\n";
    let read = life.switch("another image, neither proxy nor authority", IsReplaced, image);
    assert!(text(&container(&read, "ui")["image"]).starts_with("registry.example.com/mirror/ui5"));
    assert!(!named(container(&read, "core"), "environment").contains("HTTPS_PROXY"));
    assert!(!named(container(&read, "init-container"), "secrets").contains("CA_CERTIFICATE"));
    life.switch("all as at first", IsReplaced, "");
    resources.assert_untouched(&account);
}

#[test]
fn ingress_changes_in_an_existing_network() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let network = resources.network();
    let registered = |read: &Value| text(&service(read)["loadBalancers"][0]["targetGroupArn"]).to_owned();

    let life = Life::begin(&account, &format!("{network}target_group = \"{}\"\n", resources.target_group));
    assert_eq!(registered(&account.read()), resources.target_group);
    let own = format!("{network}[load_balancer]\ndeletion_protection = false\n");
    let read = life.switch("a load balancer of ours", IsReplaced, &own);
    assert_ne!(registered(&read), resources.target_group);
    let theirs = format!("{network}load_balancer = \"{}\"\n[load_balancer]\nport = 8080\n", resources.load_balancer);
    // A target group is behind one load balancer only, so that this takes two steps.
    life.product.write_plan(&plan(&theirs));
    let before = account.journal(0).len();
    let refused = life.product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(format!("{}{}", refused.stdout, refused.stderr).contains("plan/cannot-move"), "{refused:?}");
    assert_eq!(account.mutations(before), [""; 0], "a refused plan touches nothing");
    let none = format!("{network}[load_balancer]\nenabled = false\n");
    assert_eq!(listeners(&life.switch("no load balancer", IsReplaced, &none)), ["HTTP 80"]);
    let read = life.switch("a listener of ours on the user's", IsReplaced, &theirs);
    assert_eq!(listeners(&read), ["HTTP 80", "HTTP 8080"]);
    let secure = format!("{theirs}certificate_arn = \"{}\"\n", resources.certificate);
    let read = life.switch("with a certificate", Stays, &secure);
    assert_eq!(listeners(&read), ["HTTP 80", "HTTPS 8080"]);
    let read = life.switch(
        "the user's again",
        IsReplaced,
        &format!("{network}target_group = \"{}\"\n", resources.target_group),
    );
    assert_eq!(registered(&read), resources.target_group);
    life.product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    account.post("clock", &json!({ "advance": 900 }));
    resources.assert_untouched(&account);
}
