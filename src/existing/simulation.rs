//! Simulates in IAM what a role or user may do.
//!
//! The simulator knows identity policies, permissions boundaries and service control policies, but neither resource
//! policies nor sessions (IAM user guide, "IAM policy testing with the IAM policy simulator").

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType as Decision,
};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::lookup::{denied, side_by_side};

/// What a role must be able to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// `secretsmanager:GetSecretValue`.
    pub actions: Vec<String>,
    /// ARNs, or `*` alone.
    pub resources: Vec<String>,
    /// What it is for: `read the credentials`.
    pub purpose: String,
}

/// A need that a role does not meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// `secretsmanager:GetSecretValue`.
    pub action: String,
    /// The ARN on which it is refused, or `*`.
    pub resource: String,
    /// What it is for: `read the credentials`.
    pub purpose: String,
}

/// The result of a simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simulated {
    pub lacks: Vec<Lack>,
    /// Not allowed, but a condition uses a key whose value a simulation does not know. Everything, if `unknown`.
    pub depends: Vec<Lack>,
    /// Why the permissions are unknown; what AWS said.
    pub unknown: Option<String>,
}

impl Simulated {
    pub fn unknown(needs: &[Need], failure: &Failure) -> Self {
        let depends = needs.iter().flat_map(each).collect();
        Self { depends, unknown: Some(failure.said()), ..Self::default() }
    }
}

/// Which of its needs a principal does not meet: one call for each set of resources, since a call tries every action on
/// every resource. `known` are condition keys with the values that they will have.
pub(super) async fn simulate(
    context: &Context,
    principal: &str,
    needs: &[Need],
    known: &[(String, String)],
) -> Result<Simulated, Failure> {
    let mut calls = BTreeMap::<BTreeSet<String>, BTreeSet<String>>::new();
    for need in needs {
        calls.entry(need.resources.iter().cloned().collect()).or_default().extend(need.actions.iter().cloned());
    }
    let answers = side_by_side(calls, |(resources, actions)| async move {
        let results = evaluate(context, principal, &resources, actions, known).await?;
        Ok((resources, results))
    });
    match answers.await {
        Ok(answers) => Ok(judge(needs, &answers.into_iter().collect())),
        Err(failure) if denied(&failure) => Ok(Simulated::unknown(needs, &failure)),
        Err(failure) => Err(failure),
    }
}

async fn evaluate(
    context: &Context,
    principal: &str,
    resources: &BTreeSet<String>,
    actions: BTreeSet<String>,
    known: &[(String, String)],
) -> Result<Vec<EvaluationResult>, Failure> {
    let call = context
        .aws
        .iam
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(actions.into_iter().collect()))
        .set_resource_arns(Some(resources.iter().cloned().collect()))
        .set_context_entries(Some(entries(&context.names.region, known)));
    let pages = call.into_paginator().items().send();
    pages.try_collect().await.answer()
}

/// Condition keys with the values that they have in every call, and the known ones.
fn entries(region: &str, known: &[(String, String)]) -> Vec<ContextEntry> {
    let entry = |key: &str, value: &str, sort| {
        ContextEntry::builder().context_key_name(key).context_key_values(value).context_key_type(sort).build()
    };
    let known = known.iter().map(|(key, value)| entry(key, value, ContextKeyTypeEnum::String));
    let always = [
        entry("aws:SecureTransport", "true", ContextKeyTypeEnum::Boolean),
        entry("aws:RequestedRegion", region, ContextKeyTypeEnum::String),
        entry("elasticfilesystem:AccessedViaMountTarget", "true", ContextKeyTypeEnum::Boolean),
    ];
    always.into_iter().chain(known).collect()
}

fn judge(needs: &[Need], answers: &BTreeMap<BTreeSet<String>, Vec<EvaluationResult>>) -> Simulated {
    let mut found = Simulated::default();
    for need in needs {
        let results = answers.get(&need.resources.iter().cloned().collect()).map(Vec::as_slice).unwrap_or_default();
        for lack in each(need) {
            match verdict(results, &lack.action, &lack.resource) {
                Verdict::Allowed => {}
                Verdict::Depends => found.depends.push(lack),
                Verdict::Refused => found.lacks.push(lack),
            }
        }
    }
    found
}

/// A need as a list of lacks, one for each action on each resource.
fn each(need: &Need) -> impl Iterator<Item = Lack> {
    let lack = |resource: &String, action: &String| Lack {
        action: action.clone(),
        resource: resource.clone(),
        purpose: need.purpose.clone(),
    };
    need.resources.iter().flat_map(move |resource| need.actions.iter().map(move |action| lack(resource, action)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Depends,
    Refused,
}

/// The result for one action on one resource. An action has one result, which contains one for each resource; if it
/// contains none, it applies to the only resource (IAM API reference, EvaluationResult).
fn verdict(results: &[EvaluationResult], action: &str, resource: &str) -> Verdict {
    let about = || results.iter().filter(|result| result.eval_action_name().eq_ignore_ascii_case(action));
    let mut inside = about().flat_map(|result| result.resource_specific_results());
    if let Some(one) = inside.find(|one| one.eval_resource_name() == resource) {
        return of(one.eval_resource_decision(), one.missing_context_values());
    }
    let named = about().find(|result| result.eval_resource_name() == Some(resource));
    match named.or_else(|| about().next()) {
        Some(result) => of(result.eval_decision(), result.missing_context_values()),
        None => Verdict::Refused,
    }
}

fn of(decision: &Decision, missing: &[String]) -> Verdict {
    match decision {
        Decision::Allowed => Verdict::Allowed,
        Decision::ImplicitDeny if !missing.is_empty() => Verdict::Depends,
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_iam::types::ResourceSpecificResult;

    fn result(action: &str, decision: Decision, inside: &[(&str, Decision, &[&str])]) -> EvaluationResult {
        let inside = inside.iter().map(|(resource, decision, missing)| {
            let missing = missing.iter().map(|key| (*key).to_owned()).collect();
            ResourceSpecificResult::builder()
                .eval_resource_name(*resource)
                .eval_resource_decision(decision.clone())
                .set_missing_context_values(Some(missing))
                .build()
                .unwrap()
        });
        let inside = inside.collect();
        EvaluationResult::builder()
            .eval_action_name(action)
            .eval_decision(decision)
            .set_resource_specific_results(Some(inside))
            .build()
            .unwrap()
    }

    #[test]
    fn each_resource_has_a_verdict_of_its_own() {
        let inside: &[(&str, Decision, &[&str])] =
            &[("arn:a", Decision::Allowed, &["aws:ViaAWSService"]), ("arn:b", Decision::ImplicitDeny, &[])];
        let results = [result("s3:GetObject", Decision::ImplicitDeny, inside)];
        let verdict = |action, resource| super::verdict(&results, action, resource);
        assert_eq!(verdict("s3:getobject", "arn:a"), Verdict::Allowed);
        assert_eq!(verdict("s3:GetObject", "arn:b"), Verdict::Refused);
        assert_eq!(verdict("s3:PutObject", "arn:a"), Verdict::Refused);
    }

    #[test]
    fn a_result_without_resources_speaks_for_the_only_one() {
        let results = [result("ecr:GetAuthorizationToken", Decision::Allowed, &[])];
        assert_eq!(verdict(&results, "ecr:GetAuthorizationToken", "*"), Verdict::Allowed);
    }

    #[test]
    fn a_condition_nobody_can_know_is_not_taken_for_a_refusal() {
        let of = |decision: Decision| {
            let inside: &[(&str, Decision, &[&str])] = &[("*", decision.clone(), &["aws:PrincipalTag/team"])];
            verdict(&[result("a:B", decision, inside)], "a:B", "*")
        };
        assert_eq!(of(Decision::ImplicitDeny), Verdict::Depends);
        assert_eq!(of(Decision::ExplicitDeny), Verdict::Refused);
    }

    #[test]
    fn what_is_lacking_is_named_with_its_purpose() {
        let need = |actions: &[&str], purpose: &str| Need {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resources: vec!["*".to_owned()],
            purpose: purpose.to_owned(),
        };
        let needs = [need(&["a:B", "a:C"], "one"), need(&["a:C"], "two")];
        let results = vec![result("a:B", Decision::Allowed, &[]), result("a:C", Decision::ExplicitDeny, &[])];
        let found = judge(&needs, &BTreeMap::from([(BTreeSet::from(["*".to_owned()]), results)]));
        let lack = |purpose: &str| Lack { action: "a:C".into(), resource: "*".into(), purpose: purpose.into() };
        assert_eq!(found, Simulated { lacks: vec![lack("one"), lack("two")], ..Simulated::default() });
    }
}
