use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::kind::{Kind, Lifecycle, Part};
use crate::engine::plan::{Action, Kept, Purpose, Reason};
use crate::engine::reference::{Known, Outputs};
use crate::ui::remains::{after_destroy, deletes_data, remains};
use crate::ui::style::plain;
use crate::ui::whereabouts::{Whereabouts, after_apply};

const URL: &str = "http://internal-ce-prod-1.eu-central-1.elb.amazonaws.com";

fn known(cluster: &str) -> Known {
    let outputs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Outputs>();
    Known::from_iter([
        (address("load-balancer/main"), outputs(&[("dns", "internal-ce-prod-1.eu-central-1.elb.amazonaws.com")])),
        (address("cluster/main"), outputs(&[("name", cluster)])),
        (
            address("service/main"),
            outputs(&[
                ("name", "ce-prod"),
                ("task", "arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/1f2e"),
                ("private_ip", "172.16.1.20"),
            ]),
        ),
        (address("log-group/containers"), outputs(&[("name", "/ce-aws/prod/containers")])),
        (address("log-group/flow"), outputs(&[("name", "/ce-aws/prod/flow")])),
        (address("secret/credentials"), outputs(&[("name", "ce-aws/prod/credentials")])),
    ])
}

#[test]
fn after_an_apply_everything_is_listed() {
    let whereabouts = Whereabouts::of(&target(), &known("ce-prod"), Some(URL.to_owned()), false);
    assert_snapshot!(plain(&after_apply(&whereabouts, true)), @r#"
    URL         http://internal-ce-prod-1.eu-central-1.elb.amazonaws.com
    cluster     ce-prod
    service     ce-prod
    task        arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/1f2e
    private IP  172.16.1.20
    log groups  /ce-aws/prod/containers
                /ce-aws/prod/flow
    secrets     ce-aws/prod/credentials

    How to reach the UI
      from an allowed network (VPN, Direct Connect, a peered VPC): open
          http://internal-ce-prod-1.eu-central-1.elb.amazonaws.com
      from this machine, through the task itself
          ce-aws open --name prod --region eu-central-1
      through a host in a network that reaches the VPC; then open http://localhost:8000
          ssh -N -L 8000:internal-ce-prod-1.eu-central-1.elb.amazonaws.com:80 USER@HOST
      through the task with the AWS CLI and its Session Manager plugin; then open http://localhost:8000
          aws ssm start-session --region eu-central-1 --target ecs:ce-prod_1f2e_$(aws ecs describe-tasks --region eu-central-1 --cluster ce-prod --tasks 1f2e --output text --query "tasks[0].containers[?name=='ui'].runtimeId") --document-name AWS-StartPortForwardingSession --parameters '{"portNumber":["3000"],"localPortNumber":["8000"]}'

    Next steps after the first apply
      1. log in as admin with the password admin, accept the licence agreement, and change the password at once
      2. in the settings, enable the modules you use (all five are available)
      3. in the settings, add your Netskope tenant: its name, API tokens, and an initial range of 7 to 14 days
      4. behind a proxy, set it in the settings too: the modules have their own proxy setting
      5. check the logging page for the tenant's first pull, then configure plug-ins
      Update with `ce-aws upgrade`, not with the UI's own check for updates.
    "#);
}

#[test]
fn without_a_load_balancer_the_task_itself_is_opened() {
    let url = Some("http://172.16.1.20:3000".to_owned());
    let ways = Whereabouts::of(&target(), &Known::new(), url, false).ways();
    let lines: Vec<_> = ways.iter().map(|way| way.what.as_str()).collect();
    assert_eq!(lines, ["http://172.16.1.20:3000", "ssh -N -L 8000:172.16.1.20:3000 USER@HOST"]);
}

#[test]
fn no_command_is_made_of_hostile_names() {
    for hostile in ["x; rm -rf /", "$(reboot)", "-x", "a b", ""] {
        let whereabouts = Whereabouts::of(&target(), &known(hostile), Some(format!("https://{hostile}")), false);
        assert!(whereabouts.ways().iter().all(|way| !way.what.contains("ssm")), "{hostile}");
    }
}

#[test]
fn after_a_destroy_what_remains_is_listed() {
    let mut kinds = kinds();
    kinds.push(Kind { lifecycle: Lifecycle::Shared, ..Kind::new("service-linked-role", Part::Identity) });
    let steps = ["secret/credentials", "task-definition/main", "file-system/data", "vpc/main"];
    let mut plan = plan(Purpose::Destroy, steps.map(|at| step(at, Action::Delete, Reason::Teardown)).to_vec());
    plan.kept = vec![Kept { address: address("bucket/logs"), id: "ce-logs".into(), why: "data".into() }];
    assert_snapshot!(plain(&after_destroy(&remains(&plan, &kinds))), @r"
    What remains
      bucket/logs (ce-logs): data
      secret/credentials: scheduled for deletion in 7 days; an apply before that restores it
      task-definition/main: inactive; AWS keeps revisions and does not charge for them
      automatic recovery points of the file system: AWS Backup deletes them when they are 35 days old
      service-linked roles of ECS and Elastic Load Balancing: they belong to the whole account
    ");
    assert!(deletes_data(&plan, &kinds));
    assert!(!deletes_data(&first_apply(), &kinds));
}
