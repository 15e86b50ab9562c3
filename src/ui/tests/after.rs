use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::kind::{Kind, Lifecycle, Part};
use crate::engine::plan::{Action, Kept, Purpose, Reason};
use crate::engine::reference::Known;
use crate::ui::remains::{after_destroy, deletes_data, remains};
use crate::ui::style::plain;
use crate::ui::whereabouts::{Whereabouts, after_apply};

fn known(cluster: &str) -> Known {
    let outputs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Known::from([
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
fn after_an_apply_everything_is_found() {
    let whereabouts = Whereabouts::of("prod", "eu-central-1", &known("ce-prod"), false);
    assert_snapshot!(plain(&after_apply(&whereabouts)), @"");
}

#[test]
fn no_command_is_made_of_hostile_names() {
    for hostile in ["x; rm -rf /", "$(reboot)", "-x", "a b", ""] {
        let whereabouts = Whereabouts::of("prod", "eu-central-1", &known(hostile), true);
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
    assert_snapshot!(plain(&after_destroy(&remains(&plan, &kinds))), @"");
    assert!(deletes_data(&plan, &kinds));
    assert!(!deletes_data(&first_apply(), &kinds));
}
