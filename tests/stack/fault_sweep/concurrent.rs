//! Eight concurrent runs: one works, the others name it; it is killed, and one of them continues.

use std::process::{Child, Stdio};

use super::scenario::FIRST;
use super::{APPLY, Case, sweep};
use crate::account::{Account, text};
use crate::failures::wait_until;
use crate::product::{Product, Ran};
use crate::upgrade_sweep::direction;

const PROCESSES: usize = 8;
const ROUNDS: usize = 50;

#[test]
fn of_eight_runs_only_one_changes_anything() {
    let cases = (0..ROUNDS).map(|round| Case::new(format!("round {}", round + 1), move || at_once(round))).collect();
    sweep("eight concurrent runs", cases, |round| round == 20);
}

/// Kills the first at another call each round.
fn at_once(round: usize) -> String {
    // The first test that needs it applies once undisturbed: not while the processes run.
    let calls = FIRST.undisturbed().own().count();
    let account = Account::new(direction::SCALE);
    let products: Vec<Product<'_>> = (0..PROCESSES).map(|_| Product::new(&account)).collect();
    let mut running: Vec<Option<Child>> =
        products.iter().enumerate().map(|(number, product)| Some(start(product, number))).collect();
    let until = 1 + round * calls / ROUNDS;
    wait_until("the call", || changes(&account).len() >= until);
    let holder = changes(&account)[0];
    let mut killed = running[holder].take().expect("each is started once");
    killed.kill().expect("it is still at work");
    killed.wait().expect("it ends");

    let (mut refused, mut done) = (0, 0);
    let mut again = Vec::new();
    for (number, process) in running.iter_mut().enumerate() {
        if process.as_mut().is_some_and(|child| child.try_wait().expect("it is ours").is_some()) {
            again.extend(process.take().map(|child| (number, child)));
        }
    }
    for (number, child) in again {
        is_refused(&Ran::from(child.wait_with_output().expect("it has ended")));
        refused += 1;
        running[number] = Some(start(&products[number], number));
    }
    for child in running.into_iter().flatten() {
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        match ran.code {
            0 => done += 1,
            _ => {
                is_refused(&ran);
                refused += 1;
            }
        }
    }
    assert!(done > 0, "nobody has taken over");
    let mut turns = changes(&account);
    turns.dedup();
    let mut each = turns.clone();
    each.sort_unstable();
    each.dedup();
    assert_eq!(each.len(), turns.len(), "somebody made a change between two of another: {turns:?}");
    FIRST.undisturbed().is_equal(&account);
    crate::single_writer::never_two_deployments(&account);
    format!("killed at call {until}; {refused} refused, {done} done, {} changed something", turns.len())
}

/// The name by which its calls are known is in their user agent.
fn start(product: &Product<'_>, number: usize) -> Child {
    let mut command = product.command(&APPLY);
    command.env("AWS_SDK_UA_APP_ID", format!("process-{number}"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ce-aws starts")
}

/// It names the holder, and has changed nothing.
fn is_refused(ran: &Ran) {
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    for words in ["lease/held", "prod is held by arn:aws", "nothing was changed"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in\n{}", ran.stderr);
    }
}

/// Which process made each changing call that is not about the control bucket.
fn changes(account: &Account) -> Vec<usize> {
    let calls = account.journal(0).into_iter().filter(|call| call["mutating"] == true);
    let number = |agent: &str| agent.split("app/process-").nth(1)?.chars().next()?.to_digit(10);
    calls.map(|call| number(text(&call["user_agent"])).expect("it says whose it is") as usize).collect()
}
