use insta::assert_snapshot;
use serde_json::json;

use crate::engine::plan::{Finding, Severity};
use crate::ui::discover::{Item, Listing, sort, text};
use crate::ui::style::plain;

fn finding(code: &str, severity: Severity, message: &str) -> Finding {
    Finding { code: code.into(), severity, address: None, message: message.into(), hint: Some("mend it".into()) }
}

fn listing() -> Listing {
    let few = finding("subnet/few-addresses", Severity::Refusal, "3 addresses are free in the subnet subnet-0b");
    let open = finding("network-acl/open-admin-ports", Severity::Warning, "the network ACL admits port 22");
    let item = |id: &str, name: &str, findings: Vec<Finding>| {
        let usable = findings.iter().all(|finding| finding.severity == Severity::Warning);
        let notes = findings.iter().filter_map(|finding| finding.code.split('/').next_back()).map(str::to_owned);
        Item::new(id, name, usable, notes.collect(), findings).fact("free", 250).fact("cidrs", json!(["10.0.0.0/24"]))
    };
    let mut items = vec![
        item("subnet-0b", "b\u{1b}[2J\r", vec![few]),
        item("subnet-0a", "a", vec![open]),
        item("subnet-0c", "", Vec::new()),
    ];
    sort(&mut items);
    Listing {
        what: "subnets",
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        columns: &["id", "name", "cidrs", "free", "way_out"],
        items,
        plan_file: vec!["[existing]".into(), "vpc = \"vpc-0a\"".into()],
    }
}

#[test]
fn what_can_be_used_comes_first() {
    assert_snapshot!(plain(&text(&listing(), false)), @r#"
    subnets in account 123456789012, eu-central-1

    USABLE  ID         NAME          CIDRS        FREE  WAY OUT  NOTES
    yes     subnet-0c                10.0.0.0/24  250
    yes     subnet-0a  a             10.0.0.0/24  250            open-admin-ports
    no      subnet-0b  b\u{1b}[2J\r  10.0.0.0/24  250            few-addresses

    -v says what the notes mean and what to do.

    In the plan file, for example:

      [existing]
      vpc = "vpc-0a"
    "#);
}

#[test]
fn all_of_it_says_what_the_notes_mean() {
    assert_snapshot!(plain(&text(&listing(), true)), @r#"
    subnets in account 123456789012, eu-central-1

    USABLE  ID         NAME          CIDRS        FREE  WAY OUT  NOTES
    yes     subnet-0c                10.0.0.0/24  250
    yes     subnet-0a  a             10.0.0.0/24  250            open-admin-ports
            warning[network-acl/open-admin-ports]: the network ACL admits port 22
            hint: mend it
    no      subnet-0b  b\u{1b}[2J\r  10.0.0.0/24  250            few-addresses
            refused[subnet/few-addresses]: 3 addresses are free in the subnet subnet-0b
            hint: mend it

    In the plan file, for example:

      [existing]
      vpc = "vpc-0a"
    "#);
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let none = Listing { what: "vpc", items: Vec::new(), ..listing() };
    assert_eq!(text(&none, false), "no VPCs in account 123456789012, eu-central-1\n");
}

#[test]
fn scripts_see_everything() {
    let document = serde_json::to_value(listing()).unwrap();
    assert_eq!(document["items"][2]["findings"][0]["code"], "subnet/few-addresses");
    assert_eq!((&document["items"][0]["usable"], &document["items"][2]["usable"]), (&json!(true), &json!(false)));
    assert_eq!(document["items"][0]["free"], 250);
}

#[test]
fn what_ce_aws_manages_is_marked_and_comes_after_the_rest() {
    let mut all = listing();
    all.items[0].managed_by = Some("prod".into());
    sort(&mut all.items);
    assert_eq!(
        all.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(),
        ["subnet-0a", "subnet-0c", "subnet-0b"]
    );
    let shown = plain(&text(&all, false));
    assert!(
        shown.contains("subnet-0c                10.0.0.0/24  250            managed by ce-aws: prod\n"),
        "{shown}"
    );
    assert!(shown.contains("do not name it in the plan file of another one"), "{shown}");
    assert_eq!(serde_json::to_value(&all).unwrap()["items"][1]["managed_by"], "prod");
}
