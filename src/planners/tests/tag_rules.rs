//! Tags: those of the plan file come and go with it, those of others stay.

use super::samples::{Sample, deployed, plan, steps};
use crate::engine::compare::Change;
use crate::engine::plan::{Plan, Reason};
use crate::kinds::names;
use crate::planners::record;

fn tagged() -> Vec<Sample> {
    vec![Sample::new("plain").tagged("team", "blue").tagged("cost", "42")]
}

fn changes(plan: &Plan) -> Vec<(&str, &Change)> {
    let changes = plan.steps.iter().flat_map(|step| &step.changes);
    let changes = changes.map(|change| (change.property.as_str(), change));
    changes.filter(|(property, _)| *property != "tags.ce-aws:digest").collect()
}

#[test]
fn a_tag_deleted_from_the_plan_file_is_removed_and_a_foreign_one_is_kept() {
    let mut account = deployed(&tagged());
    account.at("plain/r0").tags.insert("added-by".to_owned(), "somebody else".to_owned());
    assert!(plan(&tagged(), &account).is_empty(), "a foreign tag is no drift");
    let less = vec![Sample::new("plain").tagged("team", "blue")];
    let plan = plan(&less, &account);
    assert_eq!(plan.steps[0].reason, Reason::Changed);
    let [("tags.cost", cost)] = changes(&plan)[..] else { panic!("{:?}", changes(&plan)) };
    assert!(cost.to.is_null());
    account.execute(&plan, &[]);
    let tags = &account.at("plain/r0").tags;
    assert!(tags.contains_key("added-by") && tags.contains_key("team") && !tags.contains_key("cost"));
    assert!(super::samples::plan(&less, &account).is_empty());
}

#[test]
fn a_tag_that_somebody_changed_or_removed_is_drift() {
    for hand in [Some("red".to_owned()), None] {
        let mut account = deployed(&tagged());
        match hand {
            Some(value) => drop(account.at("plain/r0").tags.insert("team".to_owned(), value)),
            None => drop(account.at("plain/r0").tags.remove("team")),
        }
        let plan = plan(&tagged(), &account);
        assert_eq!(steps(&plan), ["update plain/r0"]);
        assert_eq!(plan.steps[0].reason, Reason::Drifted);
        assert_eq!(changes(&plan).iter().map(|(property, _)| *property).collect::<Vec<_>>(), ["tags.team"]);
    }
}

#[test]
fn a_missing_record_is_written_again_and_nothing_else_is_done() {
    let mut account = deployed(&tagged());
    account.at("plain/r0").tags.remove(names::DIGEST);
    let plan = plan(&tagged(), &account);
    assert_eq!(plan.steps[0].reason, Reason::Unrecorded);
    assert!(changes(&plan).is_empty());
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&tagged(), &account).is_empty());
}

#[test]
fn the_record_of_a_full_set_of_tags_fits_a_tag_value() {
    // The limit on tags of one resource (50) but for the four of ours and two to spare.
    let full = (0..44).fold(Sample::new("plain"), |sample, number| sample.tagged(&format!("key-{number}"), "x"));
    let graph = super::samples::graph(&[full]);
    let tags = record::tags(graph.nodes().next().unwrap(), "demo");
    assert!(tags[names::DIGEST].len() <= 256, "{}", tags[names::DIGEST].len());
    assert!((0..44).all(|number| record::asked_for(&tags, &format!("key-{number}"))));
    assert!(!record::asked_for(&tags, "foreign"));
}
