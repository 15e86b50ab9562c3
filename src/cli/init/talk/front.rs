//! What stands in front of the task: a load balancer, a target group, nothing; and the certificate on it.

use crate::cli::discover::What;
use crate::price::choice;
use crate::session::error::CommandError;

use super::super::answers::Front;
use super::super::pick::pick;
use super::{Talk, given};

impl Talk<'_> {
    /// What the user has stands in the user's VPC: in a new one there is nothing to choose from.
    pub(super) async fn front(&mut self) -> Result<(), CommandError> {
        let options = self.options;
        let (front, option) = if let Some(arn) = &options.load_balancer {
            (Front::LoadBalancer(arn.clone()), Some("--load-balancer"))
        } else if let Some(arn) = &options.target_group {
            (Front::TargetGroup(arn.clone()), Some("--target-group"))
        } else if options.no_load_balancer {
            (Front::Task, Some("--no-load-balancer"))
        } else {
            return self.ask_front().await;
        };
        self.accepts(option, |answers| answers.front = front).map(|_| ())
    }

    async fn ask_front(&mut self) -> Result<(), CommandError> {
        let cost = self.cost(choice::load_balancer).map(|cost| format!(", {cost}")).unwrap_or_default();
        let vpc = self.answers.network.as_ref().map(|network| network.vpc.clone());
        // Which of the user's is asked next.
        let (balancer, group) = (Front::LoadBalancer(String::new()), Front::TargetGroup(String::new()));
        let mut ways = vec![(Front::New, format!("create an internal load balancer{cost}"))];
        let mut offer = |front: Front, words: &str| ways.push((front, words.to_owned()));
        if vpc.is_some() {
            offer(balancer, "an existing load balancer, with a listener created by ce-aws");
        }
        // A certificate belongs to a listener of ours.
        if self.options.certificate.is_none() {
            if vpc.is_some() {
                offer(group, "an existing target group, behind your own load balancer");
            }
            offer(Front::Task, "none: users connect to the task directly");
        }
        let (fronts, words): (Vec<_>, Vec<_>) = ways.into_iter().unzip();
        loop {
            let front = match &fronts[self.ask.choose("Load balancer", &words, 0)?] {
                Front::LoadBalancer(_) => {
                    let listing = self.list(What::LoadBalancers, vpc.as_deref()).await;
                    Front::LoadBalancer(pick(self.ask, "Which load balancer", None, &listing)?.unwrap_or_default())
                }
                Front::TargetGroup(_) => {
                    let listing = self.list(What::TargetGroups, vpc.as_deref()).await;
                    Front::TargetGroup(pick(self.ask, "Which target group", None, &listing)?.unwrap_or_default())
                }
                front => front.clone(),
            };
            if self.accepts(None, |answers| answers.front = front)? {
                return Ok(());
            }
        }
    }

    pub(super) async fn certificate(&mut self) -> Result<(), CommandError> {
        if matches!(self.answers.front, Front::TargetGroup(_) | Front::Task) {
            return Ok(());
        }
        let given = given("--certificate", &self.options.certificate);
        let (question, new) = ("ACM certificate ARN", "none: plain HTTP");
        self.existing(What::Certificates, question, new, given, |answers, arn| answers.certificate = arn).await
    }
}
