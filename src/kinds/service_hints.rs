//! What to check when a task did not work, by what AWS or a container said.

/// Words that must all occur, in lower case, and what to check then. The more special ones come first.
///
/// Sources: Amazon ECS developer guide, "Stopped tasks error messages" and its pages on `CannotPullContainer` and
/// `ResourceInitializationError`; Netskope's deployment guide for Fargate, "Troubleshooting" (subscription to the
/// Marketplace product); MongoDB manual, "featureCompatibilityVersion"; RabbitMQ guide, "Feature Flags"; public threads
/// about EFS on Fargate (aws-cdk-examples #920, compose-cli #1490).
const HINTS: &[(&[&str], &str)] = &[
    (
        &["cannotpullcontainer", "403"],
        "subscribe this account to Netskope Cloud Exchange in AWS Marketplace: without that its registry answers 403",
    ),
    (
        &["cannotpullcontainer", "denied"],
        "check that the account is subscribed to Cloud Exchange in AWS Marketplace, and that the execution role may pull",
    ),
    (&["cannotpullcontainer", "not found"], "check the image and its tag: the registry does not have it"),
    (&["cannotpullcontainer", "manifest"], "check the image and its tag: the registry does not have it"),
    (
        &["cannotpullcontainer"],
        "check that the private subnets have a default route to a NAT gateway and that 443 outwards is allowed",
    ),
    (
        &["registry auth", "deadline exceeded"],
        "check that the private subnets have a default route to a NAT gateway and that 443 outwards is allowed",
    ),
    (
        &["registry auth", "connection issue"],
        "check that the private subnets have a default route to a NAT gateway and that 443 outwards is allowed",
    ),
    (
        &["registry auth", "accessdenied"],
        "check the execution role: it may not read the secret or log in to the registry",
    ),
    (&["not authorized to perform"], "check the policies of the role that the message names"),
    (&["secret", "marked for deletion"], "the secret is marked for deletion: apply restores it"),
    (&["secret", "resourcenotfound"], "the secret is missing: run plan to see it"),
    (&["json key"], "the secret lacks a key that the task definition names"),
    (
        &["efs"],
        "check the file system: a mount target in the task's zone, port 2049 from the task's group, DNS names in the VPC, \
         and a policy that lets the task role mount",
    ),
    (&["mount.nfs"], "check the file system: mount targets, port 2049, and the file system's policy"),
    (&["log stream"], "check that the log group exists and that the execution role may write to it"),
    (&["outofmemory"], "a container ran out of memory: choose a larger package in the plan file"),
    (&["number of vcpus"], "raise the Fargate vCPU quota of this region (L-3032A538) in Service Quotas"),
    (&["capacity is unavailable"], "AWS has no Fargate capacity in this zone at the moment: apply again later"),
    (
        &["network interface provisioning"],
        "check that the private subnets have free addresses and that the service-linked role of ECS exists",
    ),
    (
        &["elb health checks"],
        "the UI did not answer with 200 on port 3000: look at the logs of ui and core below, and at the task's group",
    ),
    (&["container health checks"], "look at the last lines of the container that is UNHEALTHY"),
    (
        &["health check unhealthy"],
        "look at its last lines; ECS replaces the task if this lasts beyond the grace period",
    ),
    (
        &["featurecompatibilityversion"],
        "the database was written by another release of MongoDB: releases can only be changed one step at a time",
    ),
    (&["feature flag"], "RabbitMQ's data lacks a feature flag that this release needs: enable it with the old release"),
    (&["key values mismatch"], "the certificate and the private key of the UI do not belong together"),
];

/// What to check, given everything that was said; nothing twice.
pub fn hints(said: &str) -> Vec<String> {
    let said = said.to_lowercase();
    let mut found: Vec<String> = Vec::new();
    for (words, hint) in HINTS {
        let is_covered = found.iter().any(|other| other == hint) || (words.len() == 1 && covers(&said, words, &found));
        if words.iter().all(|word| said.contains(word)) && !is_covered {
            found.push((*hint).to_owned());
        }
    }
    found
}

/// True when a more special hint that begins with the same word has been found already.
fn covers(said: &str, words: &[&str], found: &[String]) -> bool {
    HINTS.iter().any(|(others, hint)| {
        others.len() > 1
            && others.first() == words.first()
            && others.iter().all(|word| said.contains(word))
            && found.iter().any(|other| other == hint)
    })
}
