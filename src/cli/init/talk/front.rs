//! What stands in front of the task: a load balancer, a target group, nothing; and the certificate on it.

use crate::cli::discover::What;
use crate::price::choice;
use crate::session::error::CommandError;

use super::super::answers::{Answers, Front};
use super::super::pick::pick;
use super::{Existing, Talk, cost};

impl Talk<'_> {
    /// What the user has stands in the user's VPC: in a new one there is nothing to choose from.
    pub(super) async fn front(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let options = self.options;
        let (front, option) = if let Some(arn) = &options.load_balancer {
            (Front::LoadBalancer(arn.clone()), Some("--load-balancer"))
        } else if let Some(arn) = &options.target_group {
            (Front::TargetGroup(arn.clone()), Some("--target-group"))
        } else if options.no_load_balancer {
            (Front::Task, Some("--no-load-balancer"))
        } else {
            return self.ask_front(answers).await;
        };
        self.settle(answers, option, Box::new(move |answers| answers.front = front.clone())).map(|_| ())
    }

    async fn ask_front(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let cost = cost(answers, choice::load_balancer).map(|cost| format!(", {cost}")).unwrap_or_default();
        let new = format!("create an internal load balancer{cost}");
        let mut ways = vec![(FrontWay::New, new.as_str())];
        if answers.network.is_some() {
            ways.push((FrontWay::LoadBalancer, "an existing load balancer, with a listener created by ce-aws"));
        }
        // A certificate belongs to a listener of ours.
        if self.options.certificate.is_none() {
            if answers.network.is_some() {
                ways.push((FrontWay::TargetGroup, "an existing target group, behind your own load balancer"));
            }
            ways.push((FrontWay::Task, "none: users connect to the task directly"));
        }
        let words: Vec<String> = ways.iter().map(|(_, words)| (*words).to_owned()).collect();
        let vpc = answers.network.as_ref().map(|network| network.vpc.clone());
        loop {
            let front = match ways[self.ask.choose("Load balancer", &words, 0)?].0 {
                FrontWay::New => Front::New,
                FrontWay::Task => Front::Task,
                FrontWay::LoadBalancer => {
                    let listing = self.list(What::LoadBalancers, vpc.as_deref()).await;
                    Front::LoadBalancer(
                        pick(self.ask, "Which load balancer", None, &listing, |_| true)?.unwrap_or_default(),
                    )
                }
                FrontWay::TargetGroup => {
                    let listing = self.list(What::TargetGroups, vpc.as_deref()).await;
                    Front::TargetGroup(
                        pick(self.ask, "Which target group", None, &listing, |_| true)?.unwrap_or_default(),
                    )
                }
            };
            if self.settle(answers, None, Box::new(move |answers| answers.front = front.clone()))? {
                return Ok(());
            }
        }
    }

    pub(super) async fn certificate(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        if matches!(answers.front, Front::TargetGroup(_) | Front::Task) {
            return Ok(());
        }
        let ask = Existing {
            what: What::Certificates,
            question: "ACM certificate ARN",
            new: "none: plain HTTP",
            option: "--certificate",
            given: &self.options.certificate,
        };
        self.existing(answers, ask, &[], |answers, arn| answers.certificate = arn).await
    }
}

#[derive(Clone, Copy)]
enum FrontWay {
    New,
    LoadBalancer,
    TargetGroup,
    Task,
}
