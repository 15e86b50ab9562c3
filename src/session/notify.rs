//! `--notify`: a run tells the deployment's topic when it begins and how it has ended.
//!
//! No run fails because nobody could be told. A topic of ours does not exist before the first apply has made it, nor
//! after a destroy; a topic of the user's does.

use crate::config::PlanFile;
use crate::control::lease::Record;
use crate::engine::failure::{Cause, Failure};
use crate::live::notices;
use crate::ui::finding::warning;

use super::error::CommandError;
use super::exit::Exit;
use super::open::Session;
use super::output::Output;
use super::scope::Scope;

/// Who is told.
pub struct Notify<'a> {
    session: &'a Session,
    output: &'a Output,
    topic: String,
    /// Whether anybody has been told.
    told: bool,
}

impl<'a> Notify<'a> {
    /// The topic of the plan file, or else the one of ours.
    pub fn new(session: &'a Session, deployment: &str, file: Option<&PlanFile>, output: &'a Output) -> Self {
        let users = file.and_then(|file| file.alarms.topic.as_ref()).map(|arn| arn.as_str().to_owned());
        let topic = users.unwrap_or_else(|| session.context(&Scope::named(deployment)).names.topic_arn());
        Self { session, output, topic, told: false }
    }

    /// Says that a run has begun.
    pub async fn begun(&mut self, me: &Record) {
        let answer = self.publish(me, "started", &format!("{} started.", me.command)).await;
        self.report(answer.or_else(|failure| if is_absent(&failure) { Ok(()) } else { Err(failure) }));
    }

    /// Says how it has ended. Only codes: messages may name what a person did not mean to send.
    pub async fn ended(&mut self, me: &Record, result: &Result<Exit, CommandError>) {
        let (word, how) = match result {
            Ok(Exit::Done) => ("succeeded", "succeeded".to_owned()),
            Ok(exit) => ("did not succeed", format!("ended with exit code {}", exit.code())),
            Err(error) => ("failed", format!("failed with exit code {} ({})", error.exit().code(), error.code())),
        };
        let told = self.told;
        let answer = self.publish(me, word, &format!("{} {how}.", me.command)).await;
        self.report(answer.or_else(|failure| if is_absent(&failure) && told { Ok(()) } else { Err(failure) }));
    }

    async fn publish(&mut self, me: &Record, word: &str, said: &str) -> Result<(), Failure> {
        let verb = me.command.split_whitespace().next().unwrap_or_default();
        let context = self.session.context(&Scope::named(&me.deployment));
        let subject: String = format!("Cloud Exchange {}: {verb} {word}", me.deployment).chars().take(100).collect();
        let names = &context.names;
        let message = format!(
            "{said}\n\nDeployment {} in account {}, region {}\nRun {} of {} on {}\n",
            me.deployment, names.account, names.region, me.run, me.user, me.host
        );
        notices::publish(&context, &self.topic, &subject, &message).await?;
        self.told = true;
        Ok(())
    }

    fn report(&self, answer: Result<(), Failure>) {
        if let Err(failure) = answer {
            let said = format!("nobody was told through {}: {failure}", self.topic);
            self.output.note(&warning("notice/not-sent", &said));
        }
    }
}

/// Whether there is no such topic.
fn is_absent(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Gone | Cause::NotYetVisible)
}
