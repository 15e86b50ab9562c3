//! Ways between releases, in the shipped catalogue and in made-up ones.

use crate::release::{Catalogue, Label, NoChain, Version};

const FILE: &str = include_str!("../catalogue/5.0.0.toml");

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn chain(catalogue: &Catalogue, from: &str, to: &str) -> Result<Vec<String>, NoChain> {
    let steps = catalogue.chain(version(from), version(to))?;
    Ok(steps.iter().map(ToString::to_string).collect())
}

/// Releases with nothing in them that matters here: version, predecessors, label and, after a comma, why it is only
/// listed.
fn catalogue(releases: &[(&str, &str, &str)]) -> Catalogue {
    let (_, rest) = FILE.split_once("minimum_package").unwrap();
    let (rest, _) = rest.split_once("[[data_steps]]").unwrap();
    let files: Vec<_> = releases
        .iter()
        .map(|(version, predecessors, label)| {
            let (label, listed) = label
                .split_once(", ")
                .map_or((*label, String::new()), |(label, why)| (label, format!("undeployable = {why:?}\n")));
            let head = format!(
                "version = {version:?}\nreleased = 2023-11-06\nlabel = {label:?}\n{listed}predecessors = {predecessors}"
            );
            (*version, format!("{head}\nminimum_package{rest}"))
        })
        .collect();
    Catalogue::parse(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap()
}

#[test]
fn the_vendors_chain_has_no_short_cuts() {
    let chain = |from, to| chain(Catalogue::builtin(), from, to);
    assert_eq!(chain("4.0.0", "5.0.0"), Ok(["4.1.0", "4.2.0", "5.0.0"].map(str::to_owned).to_vec()));
    assert_eq!(chain("4.2.0", "5.0.1"), Ok(["5.0.0", "5.0.1"].map(str::to_owned).to_vec()));
    assert_eq!(chain("5.0.0", "5.1.2"), Ok(["5.0.1", "5.1.0", "5.1.1", "5.1.2"].map(str::to_owned).to_vec()));
    assert_eq!(chain("5.0.0", "5.0.0"), Ok(Vec::new()));
    let all = ["4.1.0", "4.2.0", "5.0.0", "5.0.1", "5.1.0", "5.1.1", "5.1.2", "6.0.0", "6.0.1", "6.1.0"];
    assert_eq!(chain("4.0.0", "6.1.0"), Ok(all.map(str::to_owned).to_vec()));
}

#[test]
fn the_shortest_chain_wins_then_the_better_label_then_the_newer_release() {
    let tested = "vendor-tested";
    let all = catalogue(&[
        ("1.0.0", "[]", tested),
        ("1.1.0", "[\"1.0.0\"]", tested),
        ("1.2.0", "[\"1.0.0\"]", "unsupported"),
        ("1.3.0", "[\"1.0.0\"]", tested),
        ("2.0.0", "[\"1.1.0\", \"1.2.0\", \"1.3.0\"]", tested),
        ("3.0.0", "[\"2.0.0\", \"1.2.0\"]", tested),
    ]);
    assert_eq!(chain(&all, "1.0.0", "2.0.0"), Ok(vec!["1.3.0".to_owned(), "2.0.0".to_owned()]));
    assert_eq!(chain(&all, "1.0.0", "3.0.0"), Ok(vec!["1.2.0".to_owned(), "3.0.0".to_owned()]));
    assert_eq!(all.worst_label(&[version("1.1.0"), version("1.2.0"), version("3.0.0")]), Some(Label::Unsupported));
    assert_eq!(all.worst_label(&[]), None);
}

#[test]
fn without_a_chain_the_reason_and_a_hint_are_given() {
    let broken = catalogue(&[
        ("1.0.0", "[]", "vendor-tested"),
        ("1.1.0", "[\"1.0.0\"]", "vendor-tested"),
        ("2.0.0", "[\"1.5.0\"]", "vendor-tested"),
        ("3.0.0", "[\"1.1.0\"]", "experimental, it needs what Fargate does not have"),
        ("4.0.0", "[\"3.0.0\"]", "vendor-tested"),
    ]);
    let builtin = Catalogue::builtin();
    let cases = [
        (builtin, "5.0.0", "4.2.0"),
        (builtin, "5.0.0", "7.0.0"),
        (builtin, "1.0.0", "5.0.0"),
        (builtin, "3.4.0", "5.0.0"),
        (builtin, "6.1.0", "5.1.2"),
        (&broken, "1.0.0", "2.0.0"),
        (&broken, "1.1.0", "2.0.0"),
        (&broken, "1.0.0", "3.0.0"),
        (&broken, "1.0.0", "4.0.0"),
    ];
    let shown = cases.map(|(catalogue, from, to)| {
        let no_chain = chain(catalogue, from, to).unwrap_err();
        format!("{from} to {to}: {no_chain}\n    hint: {}", no_chain.hint())
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn labels_are_ordered_best_first() {
    assert!(Label::ALL.is_sorted());
}
