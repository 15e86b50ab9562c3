//! Each action of the printed policies removed: a command stops and names it.

use super::{Case, sweep};
use crate::account::Account;
use crate::deploy::SCALE;
use crate::policy::NEW;
use crate::policy::exceptions::DEGRADED;
use crate::policy::lifecycle::{STAGES, Walked};
use crate::policy::operator::{Operator, without};

/// In the sample: reads of all sorts, what is needed to make and to mark things, and what is needed to delete them.
const SAMPLE: [&str; 12] = [
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:DeleteVpc",
    "ec2:DescribeVpcs",
    "ecs:CreateService",
    "ecs:DeleteService",
    "ecs:DescribeServices",
    "iam:CreateRole",
    "iam:ListRoles",
    "iam:PassRole",
    "logs:TagResource",
    "s3:PutBucketPolicy",
];

#[test]
fn each_action_removed() {
    let walked = Walked::once();
    let used: Vec<_> = walked.used.iter().filter(|(action, _)| walked.printed.contains(*action)).collect();
    let case = |(action, stages): &(&String, &Vec<usize>)| {
        let (action, stages) = ((*action).clone(), (*stages).clone());
        Case::new(action.clone(), move || removed(&action, &stages))
    };
    let cases = used.iter().map(case).collect();
    let sampled = |number: usize| SAMPLE.contains(&used[number].0.as_str());
    assert_eq!((0..used.len()).filter(|number| sampled(*number)).count(), SAMPLE.len());
    sweep("policy: each action removed", cases, sampled);
}

/// Which command fails without it, or does without and says so; panics where none does. The one that needed it first is
/// tried first, each in an account of its own: what is there already, nobody needs the permission to make.
fn removed(action: &str, stages: &[usize]) -> String {
    let mut said = Vec::new();
    for stage in stages.iter().map(|number| &STAGES[*number]) {
        let account = Account::new(SCALE);
        let one = Operator::new(&account, NEW);
        stage.begin(&one);
        let less = without(&one.printed(stage.purpose), action);
        let ran = one.patiently(|| one.run_with(&less, stage.arguments));
        let words = [ran.stdout, ran.stderr].concat();
        let name = format!("{} {}", stage.arguments.join(" "), ran.code);
        if ran.code != 0 {
            assert!(words.contains(action), "{name}: it does not say what lacks:\n{words}");
            return name;
        }
        let degraded = DEGRADED.iter().find(|(excepted, ..)| *excepted == action);
        if let Some((_, code, _)) = degraded.filter(|(_, code, _)| words.contains(code)) {
            assert!(words.contains(action), "{name}: {code} does not say what lacks:\n{words}");
            return format!("{name}, {code}");
        }
        said.push(name);
    }
    panic!("nothing fails without it: {}", said.join("; "));
}
