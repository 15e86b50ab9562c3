//! Properties of every plan that makes live what the graph says.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::account::{Account, Cut};
use super::samples::{self, KINDS, Sample, address, deployed, links, plan, steps};
use crate::engine::plan::{Action, Plan, Reason};

fn times(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn weights() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.0..100.0_f64, 1..20)
}

fn cuts() -> impl Strategy<Value = Vec<(Index, bool)>> {
    prop::collection::vec((any::<Index>(), any::<bool>()), 1..5)
}

/// A deployment, and what becomes of it in the plan file: other notes, sizes, tags and links, more or fewer resources.
pub fn edited(most: usize) -> impl Strategy<Value = (Vec<Sample>, Vec<Sample>)> {
    let edits = prop::collection::vec(prop::option::weighted(0.4, any::<(u8, bool, bool)>()), most);
    (samples::samples(most), samples::samples(most), edits, any::<Index>()).prop_map(|(before, other, edits, keep)| {
        let mut after = before.clone();
        for (sample, edit) in after.iter_mut().zip(edits) {
            let Some((note, tags, unlink)) = edit else { continue };
            sample.note = format!("note-{note}");
            // A few kinds cannot change their size in place.
            if KINDS[sample.kind].name != "fixed" {
                sample.size += u32::from(note) % 2;
            }
            if tags {
                sample.tags.clone_from(&other[usize::from(note) % other.len()].tags);
            }
            if unlink {
                sample.links.clear();
            }
        }
        after.truncate(1 + keep.index(after.len()));
        let kept = after.len();
        after.extend(other.into_iter().skip(kept));
        (before, after)
    })
}

/// Runs until nothing is left to do; the first runs are interrupted.
fn persist(
    account: &mut Account,
    samples: &[Sample],
    weights: &[f64],
    cuts: &[(Index, bool)],
) -> Result<(), TestCaseError> {
    for (after, half) in cuts {
        let plan = plan(samples, account);
        if !plan.is_empty() {
            let cut = Cut { after: 1 + after.index(plan.steps.len()), half: *half };
            account.execute_until(&plan, weights, Some(cut));
        }
    }
    let last = plan(samples, account);
    account.execute(&last, weights);
    let again = plan(samples, account);
    prop_assert!(again.is_empty(), "still to do: {:?}", steps(&again));
    Ok(())
}

proptest! {
    #![proptest_config(times(80))]

    #[test]
    fn after_a_run_there_is_nothing_to_do(samples in samples::samples(14), weights in weights()) {
        let mut account = Account::default();
        let first = plan(&samples, &account);
        prop_assert!(first.steps.iter().all(|step| step.action == Action::Create || step.is_recheck()));
        account.execute(&first, &weights);
        let again = plan(&samples, &account);
        prop_assert!(again.is_empty(), "still to do: {:?}", steps(&again));
        prop_assert_eq!(again.unchanged.len(), samples.len());
    }

    #[test]
    fn an_interrupted_first_run_converges_without_duplicates(
        samples in samples::samples(12), weights in weights(), cuts in cuts(),
    ) {
        let mut account = Account::default();
        persist(&mut account, &samples, &weights, &cuts)?;
        prop_assert_eq!(account.essence(), deployed(&samples).essence());
    }

    #[test]
    fn an_interrupted_edit_converges((before, after) in edited(10), weights in weights(), cuts in cuts()) {
        let (mut smooth, mut rough) = (deployed(&before), deployed(&before));
        persist(&mut smooth, &after, &weights, &[])?;
        persist(&mut rough, &after, &weights, &cuts)?;
        prop_assert_eq!(rough.essence(), smooth.essence());
    }

    #[test]
    fn an_edited_note_changes_one_resource_and_what_follows_from_a_renewal(
        samples in samples::samples(12), which: Index,
    ) {
        let account = deployed(&samples);
        let which = which.index(samples.len());
        let mut edited = samples.clone();
        edited[which].note = "edited".to_owned();
        let plan = plan(&edited, &account);
        // Links to what is replaced change, and so on.
        let mut replaced = BTreeSet::from([which]);
        for number in which + 1..samples.len() {
            let renewed = |link: &usize| replaced.contains(link) && KINDS[samples[*link].kind].renews;
            if KINDS[samples[number].kind].name != "shared" && links(&samples, number).iter().any(renewed) {
                replaced.insert(number);
            }
        }
        if KINDS[samples[which].kind].name == "shared" {
            replaced.clear();
        }
        let touched: BTreeSet<String> = plan
            .steps
            .iter()
            .filter(|step| !step.is_recheck())
            .map(|step| step.address.to_string())
            .collect();
        prop_assert_eq!(touched, replaced.iter().map(|number| address(&samples, *number)).collect());
        for step in plan.steps.iter().filter(|step| step.action == Action::Update) {
            let untagged = step.address.kind() == "untagged" && step.address.as_str() == address(&samples, which);
            prop_assert_eq!(&step.reason, if untagged { &Reason::Drifted } else { &Reason::Changed });
        }
    }

    #[test]
    fn a_drifted_property_is_restored_and_nothing_else(samples in samples::samples(12), which: Index) {
        let mut account = deployed(&samples);
        let before = account.essence();
        let which = which.index(samples.len());
        let name = address(&samples, which);
        account.at(&name).spec["note"] = "by hand".into();
        let plan = plan(&samples, &account);
        let changed: Vec<_> = plan.steps.iter().filter(|step| step.reason == Reason::Drifted).collect();
        if KINDS[samples[which].kind].name == "shared" {
            prop_assert!(plan.is_empty());
            return Ok(());
        }
        prop_assert_eq!(changed[0].address.to_string(), name.as_str());
        // What refers to a renewed one was pointed there by the same hand.
        prop_assert!(changed.len() == 1 || KINDS[samples[which].kind].renews);
        prop_assert_eq!(&changed[0].changes[0].property, "note");
        if !KINDS[samples[which].kind].renews {
            prop_assert_eq!(steps(&plan), [format!("update {name}")]);
        }
        account.execute(&plan, &[]);
        prop_assert_eq!(account.essence(), before);
    }

    #[test]
    fn a_saved_plan_is_the_same_plan((before, after) in edited(10)) {
        let plan = plan(&after, &deployed(&before));
        let text = serde_json::to_string(&plan).unwrap();
        let read: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read.digest(), plan.digest());
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn the_same_account_gives_the_same_plan((before, after) in edited(10), turn: Index) {
        let account = deployed(&before);
        let mut turned = account.clone();
        turned.live.rotate_left(turn.index(account.live.len()));
        prop_assert_eq!(plan(&after, &account).digest(), plan(&after, &turned).digest());
    }
}
