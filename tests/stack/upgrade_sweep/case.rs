//! One call and one fault, from a new deployment to the verdict.

use std::any::Any;
use std::fmt;
use std::time::Instant;

use serde_json::json;

use super::direction::{AFTER, Call, Direction, Moment, SCALE, SLOW, product};
use super::verdict::{self, Verdict};
use crate::account::Account;
use crate::product::{Product, Ran};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// AWS refuses the call, once.
    Refused,
    /// AWS refuses it and all that follow of its name, until the program has ended.
    RefusedForGood,
    /// It is executed, and the answer is lost.
    AnswerLost,
    /// It is lost.
    Lost,
    /// `kill -9` before it has any effect.
    KilledBefore(Then),
    /// `kill -9` when it has been executed and not been answered.
    KilledAfter(Then),
    /// `kill -9` while the program waits.
    During(&'static Moment, Then),
}

/// What a person does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Resume,
    Rollback,
}

pub const FAILURES: [Failure; 8] = [
    Failure::Refused,
    Failure::KilledAfter(Then::Rollback),
    Failure::KilledBefore(Then::Resume),
    Failure::AnswerLost,
    Failure::KilledBefore(Then::Rollback),
    Failure::RefusedForGood,
    Failure::KilledAfter(Then::Resume),
    Failure::Lost,
];

#[derive(Clone, Debug)]
pub struct Case {
    pub direction: Direction,
    /// `None` where it is killed during a wait.
    pub call: Option<Call>,
    pub failure: Failure,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Row {
    case: Case,
    /// Exit codes, of the program and of what was done then.
    exits: Vec<String>,
    verdict: Option<Verdict>,
    seconds: f64,
    pub complaint: Option<String>,
}

impl Failure {
    /// A rollback can only be continued.
    pub fn fits(self, direction: Direction) -> bool {
        let goes_on = matches!(
            self,
            Self::KilledBefore(Then::Resume) | Self::KilledAfter(Then::Resume) | Self::During(_, Then::Resume)
        );
        direction == Direction::Upgrade || !goes_on
    }

    fn rule(self) -> Option<serde_json::Value> {
        let refusal = json!({
            "kind": "error", "code": "AccessDeniedException", "status": 400, "message": "you are not authorized"
        });
        match self {
            Self::Refused => {
                let mut once = refusal;
                once["times"] = json!(1);
                Some(once)
            }
            Self::RefusedForGood => Some(refusal),
            Self::AnswerLost => Some(json!({ "kind": "lost", "times": 1 })),
            Self::Lost => Some(json!({ "kind": "before-lost", "times": 1 })),
            _ => None,
        }
    }
}

impl Case {
    /// The row of the table that it is in.
    pub fn step(&self) -> String {
        let what = match (&self.call, self.failure) {
            (Some(call), _) => call.to_string(),
            (None, Failure::During(moment, _)) => format!("while {}", moment.name),
            (None, _) => String::new(),
        };
        format!("{} | {what}", self.direction)
    }

    /// How its line in the table begins.
    pub fn key(&self) -> String {
        format!("{} | {}", self.step(), self.failure)
    }

    /// From a fresh deployment to the verdict; panics where it does not hold.
    pub fn run(&self) -> Row {
        let begun = Instant::now();
        let account = Account::new(if self.call.is_some() { SCALE } else { SLOW });
        let product = product(&account);
        self.direction.begin(&product);
        let mut exits = Vec::new();
        let last = match (self.failure, &self.call) {
            (Failure::KilledBefore(then) | Failure::KilledAfter(then), Some(call)) => {
                let before = matches!(self.failure, Failure::KilledBefore(_));
                call.kill(&product, &self.direction.arguments(), before);
                answer(&product, then, &mut exits)
            }
            (Failure::During(moment, then), _) => {
                moment.kill(&product, &self.direction.arguments());
                answer(&product, then, &mut exits)
            }
            (failure, Some(call)) => {
                call.rule(&account, &failure.rule().expect("a rule"));
                let ran = run(&product, &self.direction.arguments(), &mut exits);
                let hits = account.get("faults")[0]["hits"].as_u64();
                assert!(hits >= Some(1), "the call was not made");
                account.delete("faults");
                ran
            }
            (_, None) => unreachable!("only moments are without a call"),
        };
        follow(&product, last, &mut exits);
        let verdict = verdict::of(&product);
        Row {
            case: self.clone(),
            exits,
            verdict: Some(verdict),
            seconds: begun.elapsed().as_secs_f64(),
            complaint: None,
        }
    }

    /// The row of a case that did not end well.
    pub fn broke(&self, panic: &(dyn Any + Send)) -> Row {
        let complaint = Some(crate::sweep::complaint(panic));
        Row { case: self.clone(), exits: Vec::new(), verdict: None, seconds: 0.0, complaint }
    }
}

fn run(product: &Product<'_>, arguments: &[&str], exits: &mut Vec<String>) -> Ran {
    let ran = product.run(arguments);
    exits.push(ran.code.to_string());
    assert!([0, 3, 5, 6, 7].contains(&ran.code), "exit {} of {arguments:?}\n{}", ran.code, ran.stderr);
    ran
}

/// What a person does after a kill.
fn answer(product: &Product<'_>, then: Then, exits: &mut Vec<String>) -> Ran {
    let flag = match then {
        Then::Resume => "--resume",
        Then::Rollback => "--rollback",
    };
    let ran = run(product, &["upgrade", "FILE", flag, "--yes"], exits);
    if ran.code != 5 {
        return ran;
    }
    // Nothing was stopped yet, or all is over: then the usual commands are enough.
    assert!(ran.stderr.contains("upgrade/none-open"), "{}", ran.stderr);
    match then {
        Then::Resume => run(product, &Direction::Upgrade.arguments(), exits),
        Then::Rollback if runs(product) == AFTER => run(product, &Direction::Upgrade.arguments(), exits),
        Then::Rollback => run(product, &["apply", "FILE", "--yes"], exits),
    }
}

fn runs(product: &Product<'_>) -> String {
    verdict::status(product)["release"].as_str().unwrap_or_default().to_owned()
}

/// Does what the program says is to be done, as it says it, until there is nothing more.
fn follow(product: &Product<'_>, mut ran: Ran, exits: &mut Vec<String>) {
    for _ in 0..2 {
        let what = match ran.code {
            0 | 6 if ran.stderr.contains("finish what is left with: ") => "ce-aws",
            0 | 6 => return,
            7 => "--rollback",
            3 => "ce-aws",
            code => panic!("exit {code}\n{}", ran.stderr),
        };
        let said = ran.stderr.lines().rev().filter_map(|line| Some(line.split_once("ce-aws ")?.1));
        let said = said.filter(|said| said.starts_with("upgrade") || said.starts_with("apply"));
        let command = said.clone().find(|said| what == "ce-aws" || said.contains(what));
        let command = command.unwrap_or_else(|| panic!("it does not say what to do:\n{}", ran.stderr)).to_owned();
        let words: Vec<&str> = command.split_whitespace().chain(["--yes"]).collect();
        ran = run(product, &words, exits);
    }
    assert!(matches!(ran.code, 0 | 6), "what it says does not help: exit {}\n{}", ran.code, ran.stderr);
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = |then: &Then| if *then == Then::Resume { "resume" } else { "rollback" };
        match self {
            Self::Refused => f.write_str("refused once"),
            Self::RefusedForGood => f.write_str("refused for good"),
            Self::AnswerLost => f.write_str("answer lost"),
            Self::Lost => f.write_str("lost"),
            Self::KilledBefore(next) => write!(f, "killed before, {}", then(next)),
            Self::KilledAfter(next) => write!(f, "killed after, {}", then(next)),
            Self::During(_, next) => write!(f, "killed, {}", then(next)),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, restored) = self.cells();
        let exits = self.exits.join(", ");
        let (step, failure) = (self.case.step(), self.case.failure.to_string());
        write!(f, "{step:<52} {failure:<24} exit {exits:<10} {runs:<6} {restored:<9} {:5.1} s", self.seconds)?;
        let complaint = self.complaint.as_ref().and_then(|complaint| complaint.lines().next());
        complaint.iter().try_for_each(|complaint| write!(f, "  ENDS BADLY, see its panic: {complaint}"))
    }
}

impl Row {
    fn cells(&self) -> (&str, &str) {
        let verdict = self.verdict.as_ref();
        let restored = if verdict.is_some_and(|verdict| verdict.is_restored) { "restored" } else { "" };
        (verdict.map(|verdict| verdict.release.as_str()).unwrap_or_default(), restored)
    }

    pub fn key(&self) -> String {
        self.case.key()
    }

    /// As a line of the table in the documentation.
    pub fn line(&self) -> String {
        let (runs, restored) = self.cells();
        format!("| {} | {} | {runs} | {restored} |", self.key(), self.exits.join(", "))
    }
}
