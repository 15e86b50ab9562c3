//! Past runs, hostile ones among them.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::target;
use crate::control::history::{End, Entry, PlanNote, Stored};
use crate::engine::plan::Purpose;
use crate::ui::history::{State, list, one};
use crate::ui::style::plain;

fn entry(run: &str, end: Option<u8>) -> Entry {
    Entry {
        version: 1,
        deployment: "prod".to_owned(),
        run: run.to_owned(),
        user: "arn:aws:sts::123456789012:assumed-role/Admin/jo".to_owned(),
        host: "desk".to_owned(),
        command: "apply plan.toml --yes".to_owned(),
        tool: "0.1.0".to_owned(),
        since: "2026-11-22T08:00:00Z".to_owned(),
        end: end.map(|exit| End { at: "2026-11-22T08:04:12Z".to_owned(), exit, error: None }),
        ..Entry::default()
    }
}

#[test]
fn runs_are_listed_with_how_they_ended() {
    let hostile = Entry { host: "a\u{1b}[2Jb\n".to_owned(), ..entry("0000000000000002", Some(3)) };
    let stored: Vec<_> =
        [entry("0000000000000004", None), entry("0000000000000003", None), hostile, entry("0000000000000001", Some(0))]
            .map(|entry| Stored::Entry(Box::new(entry)))
            .into_iter()
            .chain([Stored::Unreadable { key: "runs/prod/\u{1b}.json".to_owned(), why: "no JSON".to_owned() }])
            .collect();
    assert_snapshot!(plain(&list(&target(), &stored, Some("0000000000000004"), 3)));
    assert_snapshot!(plain(&list(&target(), &[], None, 0)), @r"
    Runs of prod in account 123456789012, region eu-central-1
    none is on record
    ");
}

#[test]
fn one_run_tells_what_happened_and_leaves_out_what_it_does_not_know() {
    let step = json!({ "step": 0, "address": "vpc/main", "action": "create" });
    let with = |code: &str, more: serde_json::Value| {
        let mut event = json!({ "at": 2.0, "code": code });
        for (key, value) in step.as_object().unwrap().iter().chain(more.as_object().unwrap()) {
            event[key] = value.clone();
        }
        event
    };
    let failure = json!({
        "cause": "denied", "operation": "ec2 CreateVpc", "code": "UnauthorizedOperation", "message": "no\u{1b}[2J"
    });
    let entry = Entry {
        plans: vec![PlanNote { purpose: Purpose::Apply, steps: 44, digest: "0123abcd".to_owned() }],
        events: vec![
            with("step-done", json!({ "seconds": 2.0 })),
            with("step-failed", json!({ "failure": failure })),
            json!({ "code": "of-a-later-version" }),
            json!("\u{1b}[2J"),
        ],
        left_out: 2,
        ..entry("0000000000000001", Some(3))
    };
    assert_snapshot!(plain(&one(&entry, None)));
}

#[test]
fn an_open_run_is_under_way_only_while_it_holds_the_lease() {
    let open = entry("a", None);
    assert_eq!(State::of(&open, Some("a")), State::UnderWay);
    assert_eq!(State::of(&open, Some("b")), State::DidNotEnd);
    assert_eq!(State::of(&open, None), State::DidNotEnd);
    assert_eq!(State::of(&entry("a", Some(0)), Some("a")), State::Ended(0));
}

#[test]
fn a_run_that_was_not_confirmed_is_declined_and_not_refused() {
    let mut refused = entry("a", Some(5));
    assert_eq!(State::of(&refused, None).text(), "refused");
    refused.end = refused.end.map(|end| End { error: Some("refused/declined".to_owned()), ..end });
    assert_eq!(State::of(&refused, None).text(), "declined");
}
