//! Ctrl-C at any moment.

use std::process::{Child, Command};
use std::time::Duration;

use super::scenario::FIRST;
use super::{APPLY, Case, sweep};
use crate::account::Account;
use crate::failures::{wait_for, wait_until};
use crate::product::{Product, Ran};
use crate::upgrade_sweep::direction;

const SEEDS: u64 = 20;

#[test]
fn interrupts_leave_nothing_unreported() {
    let cases = (1..=SEEDS).map(|seed| Case::new(format!("seed {seed}"), move || interrupt(seed))).collect();
    sweep("interrupts", cases, |number| number % 7 == 3);
}

/// Whoever goes on at once must not miss what was made last.
#[test]
fn after_an_interrupt_resources_not_visible_yet_are_not_duplicated() {
    let account = super::crash::late();
    let product = Product::new(&account);
    let child = product.spawn(&APPLY);
    wait_until("the VPC", || account.mutations(0).iter().any(|call| call == "ec2 CreateVpc"));
    interrupt_process(&child);
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let ran = product.expect(0, &APPLY);
    assert!(ran.stderr.contains("the run before was interrupted"), "{}", ran.stderr);
    FIRST.undisturbed().is_equal(&account);
}

fn interrupt_process(child: &Child) -> bool {
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success()
}

fn interrupt(seed: u64) -> String {
    let calls = FIRST.undisturbed().own().count();
    let draw = mixed(seed);
    let (after, pause) = (1 + draw as usize % calls, Duration::from_millis(draw >> 32 & 0xff));
    let account = Account::new(direction::SCALE);
    let product = Product::new(&account);
    let child = product.spawn(&APPLY);
    wait_for(&account, after);
    std::thread::sleep(pause);
    let is_sent = interrupt_process(&child);
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    let journal = account.journal(0);
    let moment = format!("after call {after} and {} ms, exit {}", pause.as_millis(), ran.code);
    // It may have been at its end.
    if ran.code != 0 {
        assert!(is_sent && ran.code == 3, "{moment}\n{}", ran.stderr);
        for words in ["stopped on request", "remaining: ", "run the same command again"] {
            assert!(ran.stderr.contains(words), "{moment}: {words:?} is not in\n{}", ran.stderr);
        }
    }
    let unanswered: Vec<_> = journal.iter().filter(|call| call["status"].is_null()).collect();
    assert!(unanswered.is_empty(), "{moment}: abandoned in flight: {unanswered:?}");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(account.journal(0).len(), journal.len(), "{moment}: calls after the end");
    product.expect(0, &APPLY);
    FIRST.undisturbed().is_equal(&account);
    crate::single_writer::never_two_deployments(&account);
    moment
}

/// A number that looks like chance, the same for the same seed (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
