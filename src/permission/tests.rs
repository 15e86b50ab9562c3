use serde_json::Value;

use crate::aws::grant::{Grant, Use};

use super::*;

fn actions(policies: &[Policy]) -> Vec<String> {
    let statements = policies.iter().flat_map(|policy| policy.document["Statement"].as_array().unwrap());
    let listed = |value: &Value| match value.as_array() {
        Some(many) => many.clone(),
        None => vec![value.clone()],
    };
    let all = statements.flat_map(|one| {
        let sid = one["Sid"].as_str().unwrap().to_owned();
        listed(&one["Action"]).into_iter().map(move |action| format!("{sid} {}", action.as_str().unwrap()))
    });
    all.collect()
}

fn grant(usage: Use, service: &str, action: &str) -> Grant {
    Grant::new(usage, service, &[action])
}

#[test]
fn grants_of_one_id_are_one_statement_without_duplicates() {
    let own = |usage, action, resource: &str| grant(usage, "ecs", action).on([resource]).of("prod");
    let grants = [
        own(Use::Remove, "UpdateService", "arn:s"),
        own(Use::Remove, "DeleteService", "arn:s"),
        own(Use::Make, "UpdateService", "arn:s"),
        own(Use::Make, "TagResource", "arn:c"),
        grant(Use::Ask, "ecs", "DescribeServices").on(["arn:s"]),
        grant(Use::See, "ecs", "DescribeServices"),
    ];
    let made = policies("x", grants.clone()).unwrap();
    assert_eq!(
        actions(&made),
        [
            "ReadEcs ecs:DescribeServices",
            "WriteOwnEcs ecs:TagResource",
            "WriteOwnEcs ecs:UpdateService",
            "DeleteOwnEcs ecs:DeleteService",
        ]
    );
    assert_eq!(made, policies("x", grants.into_iter().rev()).unwrap());
}

#[test]
fn statements_with_other_conditions_are_not_merged() {
    let new = grant(Use::Make, "ec2", "CreateTags").on(["arn:v"]).tagged("prod");
    let own = grant(Use::Make, "ec2", "CreateTags").on(["arn:v"]).of("prod");
    let made = policies("x", [new, own]).unwrap();
    assert_eq!(actions(&made), ["WriteNewEc2 ec2:CreateTags", "WriteOwnEc2 ec2:CreateTags"]);
}

#[test]
fn documents_respect_the_size_and_number_that_aws_allows() {
    let many = |count: usize| (0..count).map(|n| Grant { id: format!("S{n:03}"), ..long(n) });
    let made = policies("x", many(40)).unwrap();
    assert!(made.len() > 2 && made.iter().all(|policy| policy.size() <= LARGEST), "{}", made.len());
    assert_eq!(actions(&made).len(), 40);
    assert_eq!((made[0].name.as_str(), made[1].name.as_str()), ("x-1", "x-2"));
    let TooMany(count) = policies("x", many(400)).unwrap_err();
    assert!(count > MOST);
}

fn long(n: usize) -> Grant {
    Grant::new(Use::Make, "ec2", &["CreateVpc"]).on([format!("arn:{n}:{}", "x".repeat(400))])
}

#[test]
fn plan_only_reads_and_destroy_creates_nothing() {
    let all = [Use::See, Use::Ask, Use::Make, Use::Remove, Use::Erase, Use::Upgrade, Use::Price, Use::Measure];
    let of = |purpose: Purpose| all.into_iter().filter(|usage| purpose.includes(*usage)).collect::<Vec<_>>();
    assert_eq!(of(Purpose::Plan), [Use::See, Use::Ask, Use::Measure]);
    assert_eq!(of(Purpose::Destroy), [Use::See, Use::Remove, Use::Erase]);
    assert_eq!(of(Purpose::Upgrade), [Use::See, Use::Ask, Use::Make, Use::Remove, Use::Upgrade]);
    assert_eq!(of(Purpose::Cost), [Use::Price, Use::Measure]);
    assert_eq!(of(Purpose::All), all);
}
