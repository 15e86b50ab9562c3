//! What to check when a task has failed, by the messages of AWS and of its containers.

/// Where an image or a registry could not be reached.
const NO_ROUTE: &str = "check that the private subnets have a default route to a NAT gateway and that outbound \
                        traffic to 443 is allowed";

/// Words that must all occur, in lower case, and what to check then. The more specific ones come first.
///
/// Sources: Amazon ECS developer guide, "Stopped tasks error messages" and its pages on `CannotPullContainer` and
/// `ResourceInitializationError`; Netskope's deployment guide for Fargate, "Troubleshooting" (subscription to the
/// Marketplace product); MongoDB manual, "featureCompatibilityVersion"; RabbitMQ guide, "Feature Flags"; public threads
/// about EFS on Fargate (aws-cdk-examples #920, compose-cli #1490).
const HINTS: &[(&[&str], &str)] = &[
    (
        &["cannotpullcontainer", "403"],
        "subscribe this account to Netskope Cloud Exchange in AWS Marketplace: without a subscription its registry \
         answers 403",
    ),
    (
        &["cannotpullcontainer", "denied"],
        "check that the account is subscribed to Cloud Exchange in AWS Marketplace, and that the execution role may \
         pull",
    ),
    (&["cannotpullcontainer", "not found"], "check the image and its tag: the registry does not have it"),
    (&["cannotpullcontainer", "manifest unknown"], "check the image and its tag: the registry does not have it"),
    (&["cannotpullcontainer"], NO_ROUTE),
    (&["registry auth", "deadline exceeded"], NO_ROUTE),
    (&["registry auth", "connection issue"], NO_ROUTE),
    (
        &["registry auth", "not authorized"],
        "check the execution role: it may not read the secret or log in to the registry",
    ),
    (&["not authorized to perform"], "check the policies of the role that the message names"),
    (
        &["secret", "marked for deletion"],
        "the secret is marked for deletion: apply restores one of ours, `aws secretsmanager restore-secret` one of \
         yours",
    ),
    (&["secret", "resourcenotfound"], "the secret is missing: run plan to see it"),
    (&["json key"], "the secret lacks a key that the task definition names"),
    (
        &["efs utils"],
        "check the file system: a mount target in the task's zone, port 2049 from the task's group, DNS names in the \
         VPC, and a policy that lets the task role mount",
    ),
    (&["log stream"], "check that the log group exists and that the execution role may write to it"),
    (&["outofmemory"], "a container ran out of memory: choose a larger package in the plan file"),
    (&["number of vcpus"], "raise the Fargate vCPU quota of this region (L-3032A538) in Service Quotas"),
    (&["capacity is unavailable"], "AWS has no Fargate capacity in this zone at the moment: run apply again later"),
    (
        &["network interface provisioning"],
        "check that the private subnets have free addresses and that the service-linked role of ECS exists",
    ),
    (
        &["elb health checks"],
        "the UI did not answer with 200 on port 3000: check the logs of ui and core, and the task's security group",
    ),
    (&["container health checks"], "check the last lines of the container that is UNHEALTHY"),
    (&["is unhealthy"], "check its last lines; ECS replaces the task if this lasts beyond the grace period"),
    (
        &["upgrade problem"],
        "the database was written by another release of MongoDB: releases can only be changed one step at a time",
    ),
    (
        &["required feature flag not enabled"],
        "RabbitMQ's data lacks a feature flag that this release needs: enable it with the old release",
    ),
    (&["key values mismatch"], "the certificate and the private key of the UI do not match"),
];

/// What to check, given all messages. Of hints with the same first word only the first that matches counts.
pub fn hints(said: &str) -> Vec<String> {
    let said = said.to_lowercase();
    let mut topics: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (words, hint) in HINTS {
        let topic = words.first().copied().unwrap_or_default();
        if words.iter().all(|word| said.contains(word)) && !topics.contains(&topic) {
            topics.push(topic);
            found.push((*hint).to_owned());
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specific_hint_replaces_the_general_one() {
        let missing =
            hints("CannotPullContainerError: pull image manifest has been retried: registry/core:9: not found");
        assert_eq!(missing, ["check the image and its tag: the registry does not have it"]);
        let forbidden = hints("CannotPullContainerError: unexpected status from HEAD request: 403 Forbidden");
        assert!(forbidden.len() == 1 && forbidden[0].contains("Marketplace"), "{forbidden:?}");
    }

    #[test]
    fn logs_of_healthy_containers_match_no_hint() {
        let said = "Feature flags: list of feature flags found\nSetting featureCompatibilityVersion\nrefs/heads/main";
        assert_eq!(hints(said), Vec::<String>::new());
        let unreachable = hints("CannotPullContainerError: pull image manifest has been retried 5 times: i/o timeout");
        assert!(unreachable[0].contains("NAT"), "{unreachable:?}");
    }

    #[test]
    fn every_hint_can_be_reached() {
        for (words, hint) in HINTS {
            assert!(hints(&words.join(" ")).contains(&(*hint).to_owned()), "{words:?}");
            assert!(words.iter().all(|word| word.to_lowercase() == *word), "{words:?}");
        }
    }
}
