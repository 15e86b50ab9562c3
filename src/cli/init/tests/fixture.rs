//! Scripted answers, and an account by hand.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use async_trait::async_trait;
use time::{Date, Month};

use crate::cli::discover::What;
use crate::cli::init::Options;
use crate::cli::init::answers::Answers;
use crate::cli::init::ask::Ask;
use crate::cli::init::offers::Offers;
use crate::cli::init::talk::Talk;
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::{Finding, Severity};
use crate::session::error::CommandError;
use crate::ui::discover::{Item, Listing};
use crate::ui::style::plain;

/// Somebody who answers from a script: a question that contains the first text is answered by the second, the rest by
/// their defaults. `~` before an answer picks the option that contains it.
#[derive(Default)]
pub struct Script {
    answers: VecDeque<(&'static str, &'static str)>,
    /// What was said and asked, and how it was answered.
    pub transcript: String,
}

impl Script {
    pub fn new(answers: &[(&'static str, &'static str)]) -> Self {
        Self { answers: answers.iter().copied().collect(), transcript: String::new() }
    }

    fn next(&mut self, question: &str) -> Option<&'static str> {
        let meant = self.answers.front().is_some_and(|(words, _)| question.contains(words));
        if meant { self.answers.pop_front().map(|(_, answer)| answer) } else { None }
    }
}

impl Ask for Script {
    fn say(&mut self, text: &str) {
        self.transcript.push_str(&format!("! {}", plain(text)));
    }

    fn choose(&mut self, question: &str, options: &[String], default: usize) -> Result<usize, CommandError> {
        let chosen = match self.next(question) {
            Some(words) => {
                options.iter().position(|option| option.contains(words)).expect("an option with these words")
            }
            None => default,
        };
        self.transcript.push_str(&format!("? {question}\n"));
        for (index, option) in options.iter().enumerate() {
            self.transcript.push_str(&format!("  {} {option}\n", if index == chosen { ">" } else { " " }));
        }
        Ok(chosen)
    }

    fn text(&mut self, question: &str, default: Option<&str>) -> Result<String, CommandError> {
        let answer = self.next(question).or(default).expect("an answer").to_owned();
        self.transcript.push_str(&format!("? {question} [{}]\n  > {answer}\n", default.unwrap_or("none")));
        Ok(answer)
    }

    fn object(&mut self, problem: CommandError) -> Result<(), CommandError> {
        self.say(&problem.text());
        Ok(())
    }
}

/// An account of which this is known; `None`: there are no credentials.
#[derive(Default)]
pub struct Account(pub Option<BTreeMap<&'static str, Vec<Item>>>);

#[async_trait(?Send)]
impl Offers for Account {
    async fn open(&mut self, region: Option<&str>) -> Result<String, CommandError> {
        match &self.0 {
            Some(_) => Ok(format!("account 111122223333, {}", region.unwrap_or("us-east-1"))),
            None => {
                Err(Failure::of(Cause::Unavailable, "no credentials found in chain. Attempted:\n  Environment: none")
                    .into())
            }
        }
    }

    async fn list(&mut self, what: What, vpc: Option<&str>) -> Result<Listing, CommandError> {
        let Some(things) = &self.0 else { return Err(CommandError::unexpected("never asked")) };
        let Some(items) = things.get(what.word()) else {
            return Err(Failure::of(Cause::Denied, "you may not").into());
        };
        let inside = |item: &&Item| vpc.is_none_or(|vpc| item.text("vpc") == vpc);
        let items = items.iter().filter(inside).cloned().collect();
        Ok(Listing { items, columns: &["name", "zone", "id"], ..Listing::empty(what.word()) })
    }
}

/// Every release of 5.x is past its end of support.
pub fn today() -> Date {
    Date::from_calendar_date(2026, Month::November, 29).unwrap()
}

/// What is taken where nothing is answered.
pub fn defaults(name: &str) -> Answers {
    Answers::default_for(name, today())
}

pub fn item(id: &str, name: &str) -> Item {
    Item::new(id, name, true, Vec::new(), Vec::new())
}

/// One that a check refuses.
pub fn bad(id: &str, name: &str, why: &str) -> Item {
    let finding = Finding {
        code: "subnet/public".into(),
        severity: Severity::Refusal,
        address: None,
        message: why.into(),
        hint: None,
    };
    Item::new(id, name, false, vec!["public".into()], vec![finding])
}

/// The conversation, and what came of it.
pub fn talk(script: &mut dyn Ask, account: &mut Account, options: &Options) -> Result<Answers, CommandError> {
    let path = Path::new("ce-aws.toml");
    let region = "eu-west-1".parse().ok();
    let (offers, answers): (Option<&mut dyn Offers>, _) = (Some(account), defaults("prod"));
    let talk = Talk { ask: script, offers, options, path, region, today: today(), answers };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(talk.answers())
}
