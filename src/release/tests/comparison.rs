//! Every release against the vendor's own files, property by property; each difference has its reason, and
//! `docs/releases.md` tells them all.

mod facts;
mod page;
mod properties;
mod reasons;

use std::{collections::BTreeSet, env, fs, path::Path};

use super::settings;
use crate::release::{Catalogue, Release};
use page::Compared;
use reasons::Reasons;

/// What follows it in the page is made here.
const MARK: &str = "<!-- Made by `cargo test --lib comparison`; INSTA_UPDATE=always rewrites it. -->\n";

fn release(facts: &facts::Facts) -> &'static Release {
    Catalogue::builtin().get(facts.version).unwrap_or_else(|| panic!("{} is not in the catalogue", facts.version))
}

/// Every comparison, what has no reason, and the patterns that no difference needs.
fn compared(reasons: &Reasons) -> (Vec<Compared>, Vec<String>, Vec<&str>) {
    let mut used = BTreeSet::new();
    let mut without = Vec::new();
    let mut all = Vec::new();
    for facts in facts::all() {
        let ours = properties::of_release(release(&facts), &settings(), &facts);
        let (found, same) = properties::compare(&properties::of_vendor(&facts), &ours);
        let mut differences = Vec::new();
        for difference in found {
            match reasons.of(&facts, &difference) {
                Some(place) => {
                    used.insert(place);
                    differences.push((difference, place.0));
                }
                None => without.push(format!("{} {:?}: {difference:?}", facts.version, facts.source)),
            }
        }
        all.push(Compared { facts, same, differences });
    }
    let unused = reasons.unused(&used);
    (all, without, unused)
}

#[test]
fn every_difference_has_a_reason_and_every_reason_a_difference() {
    let reasons = Reasons::read();
    let (_, without, unused) = compared(&reasons);
    assert!(without.is_empty(), "{} without a reason:\n{}", without.len(), without.join("\n"));
    assert!(unused.is_empty(), "reasons.toml has patterns that nothing needs: {unused:#?}");
}

#[test]
fn every_release_is_compared() {
    let known = facts::all().iter().map(|facts| facts.version).collect::<BTreeSet<_>>();
    assert_eq!(known, Catalogue::builtin().releases().map(|release| release.version).collect());
}

#[test]
fn the_page_is_up_to_date() {
    let reasons = Reasons::read();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/releases.md");
    let page = fs::read_to_string(&file).unwrap();
    let (written, tables) = page.split_once(MARK).expect("the page has the mark");
    let made = format!("\n{}\n{}", page::releases(), page::page(&compared(&reasons).0, &reasons));
    if env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        fs::write(&file, [written, MARK, &made].concat()).unwrap();
    } else {
        assert!(tables == made, "docs/releases.md is not up to date: INSTA_UPDATE=always cargo test --lib comparison");
    }
}

#[test]
fn a_changed_value_a_left_out_and_an_added_property_are_found() {
    let facts = facts::all().into_iter().find(|facts| facts.version.to_string() == "5.1.2").unwrap();
    let vendor = properties::of_vendor(&facts);
    assert_eq!(properties::compare(&vendor, &vendor), (Vec::new(), vendor.len()));
    let mut ours = vendor.clone();
    let key = |property: &str| ("core".to_owned(), property.to_owned());
    ours.insert(key("memory"), "1 MiB".to_owned());
    ours.remove(&key("restart")).unwrap();
    ours.insert(key("port.1"), "tcp".to_owned());
    let found = properties::compare(&vendor, &ours).0;
    let found = found.iter().map(|found| (found.property.as_str(), found.kind)).collect::<Vec<_>>();
    use properties::Kind::{Added, LeftOut, OtherValue};
    assert_eq!(found, [("memory", OtherValue), ("port.1", Added), ("restart", LeftOut)]);
}
