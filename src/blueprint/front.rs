//! What is in front of the UI.

use crate::existing::ingress::LoadBalancer;

use super::stack::Stack;

/// What is in front of the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// A load balancer of our own.
    New,
    /// A load balancer of the user's, with a listener and a target group of our own.
    Balancer { arn: String, groups: Vec<String> },
    /// A target group of the user's, behind a load balancer of the user's.
    Group { arn: String, groups: Vec<String> },
    /// Nothing: the task itself.
    None,
}

impl Front {
    /// What the plan file asks for.
    pub fn of(stack: &Stack<'_>) -> Self {
        let (plan, existing) = (stack.plan, stack.facts.existing);
        let groups =
            |balancer: Option<&LoadBalancer>| balancer.map(|balancer| balancer.group_ids.clone()).unwrap_or_default();
        if let Some(arn) = &plan.existing.target_group {
            let seen = existing.target_group.as_ref().and_then(|group| group.found()?.load_balancer.as_ref());
            return Self::Group { arn: arn.as_str().to_owned(), groups: groups(seen) };
        }
        if let Some(arn) = &plan.existing.load_balancer {
            let seen = existing.load_balancer.as_ref().and_then(|balancer| balancer.found());
            return Self::Balancer { arn: arn.as_str().to_owned(), groups: groups(seen) };
        }
        if plan.load_balancer.enabled { Self::New } else { Self::None }
    }
}
