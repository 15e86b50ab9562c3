//! Every pair of choices at least once: the rows of the table of variants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The choices, and what each may be.
pub const FACTORS: [(&str, &[&str]); 12] = [
    ("network", &["per-zone NAT", "single NAT", "existing"]),
    ("ingress", &["new balancer", "existing balancer", "existing target group", "none"]),
    ("task role", &["new", "existing"]),
    ("execution role", &["new", "existing"]),
    ("cluster", &["new", "existing"]),
    ("flow logs", &["on", "off"]),
    ("harden", &["on", "off"]),
    ("access logs", &["on", "off"]),
    ("insights", &["on", "off"]),
    ("proxy", &["none", "addresses", "secret"]),
    ("ca", &["none", "file", "secret"]),
    ("key", &["AWS's", "existing"]),
];

/// One choice a factor; `None` where the plan file has nothing to say, given the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant([Option<usize>; FACTORS.len()]);

/// Two factors and their choices.
type Pair = ((usize, usize), (usize, usize));

impl Variant {
    /// What is chosen for a factor.
    pub fn of(&self, factor: &str) -> Option<&'static str> {
        let index = index(factor);
        self.0[index].map(|choice| FACTORS[index].1[choice])
    }

    pub fn is(&self, factor: &str, choice: &str) -> bool {
        self.of(factor) == Some(choice)
    }

    /// Every choice, for messages.
    pub fn name(&self) -> String {
        let said = FACTORS.iter().filter_map(|(name, _)| Some(format!("{name}: {}", self.of(name)?)));
        said.collect::<Vec<_>>().join(", ")
    }

    /// Without what has no effect; `None` if the plan file refuses the choices together.
    fn settled(mut self) -> Option<Self> {
        let brings = self.is("ingress", "existing balancer") || self.is("ingress", "existing target group");
        if brings && !self.is("network", "existing") {
            return None;
        }
        let rules = [
            ("flow logs", self.is("network", "existing")),
            ("harden", self.is("network", "existing")),
            ("access logs", !self.is("ingress", "new balancer")),
            ("insights", self.is("cluster", "existing")),
        ];
        for (factor, _) in rules.into_iter().filter(|(_, has_no_effect)| *has_no_effect) {
            self.0[index(factor)] = None;
        }
        Some(self)
    }

    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let chosen: Vec<_> =
            self.0.iter().enumerate().filter_map(|(factor, choice)| Some((factor, (*choice)?))).collect();
        let count = chosen.len();
        (0..count)
            .flat_map(move |one| (one + 1..count).map(move |other| (one, other)))
            .map(move |(one, other)| (chosen[one], chosen[other]))
    }
}

fn index(factor: &str) -> usize {
    FACTORS.iter().position(|(name, _)| *name == factor).expect("a factor of that name")
}

/// All variants that the plan file allows.
fn all() -> BTreeSet<Variant> {
    let mut variants = vec![Variant([None; FACTORS.len()])];
    for (factor, (_, choices)) in FACTORS.iter().enumerate() {
        let with = |variant: &Variant, choice: usize| {
            let mut variant = variant.clone();
            variant.0[factor] = Some(choice);
            variant
        };
        variants = variants
            .iter()
            .flat_map(|variant| (0..choices.len()).map(|choice| with(variant, choice)).collect::<Vec<_>>())
            .collect();
    }
    variants.into_iter().filter_map(Variant::settled).collect()
}

/// Few variants in which each allowed pair of choices occurs: always the one that brings most of what is still missing,
/// where a pair counts the more the fewer variants have it.
pub fn table() -> &'static [Variant] {
    static TABLE: OnceLock<Vec<Variant>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let variants: Vec<(Variant, Vec<Pair>)> =
            all().into_iter().map(|variant| (variant.clone(), variant.pairs().collect())).collect();
        let mut frequency: BTreeMap<Pair, usize> = BTreeMap::new();
        variants.iter().flat_map(|(_, pairs)| pairs).for_each(|pair| *frequency.entry(*pair).or_default() += 1);
        let mut missing: BTreeMap<Pair, usize> =
            frequency.into_iter().map(|(pair, count)| (pair, 1_000_000 / count)).collect();
        let mut table = Vec::new();
        while !missing.is_empty() {
            let worth = |pairs: &[Pair]| pairs.iter().filter_map(|pair| missing.get(pair)).sum::<usize>();
            let (best, brought) = variants.iter().max_by_key(|(_, pairs)| worth(pairs)).expect("some variant");
            missing.retain(|pair, _| !brought.contains(pair));
            table.push(best.clone());
        }
        table
    })
}

#[test]
fn every_pair_of_choices_is_in_the_table() {
    let table = table();
    assert!(table.len() < 20, "{} rows", table.len());
    let covered: BTreeSet<Pair> = table.iter().flat_map(Variant::pairs).collect();
    for (one, (first, choices)) in FACTORS.iter().enumerate() {
        for (other, (second, others)) in FACTORS.iter().enumerate().skip(one + 1) {
            for (choice, what) in choices.iter().enumerate() {
                for (another, which) in others.iter().enumerate() {
                    let is_there = covered.contains(&((one, choice), (other, another)));
                    let said = format!("{first}: {what}, {second}: {which}");
                    assert_eq!(is_there, !IMPOSSIBLE.contains(&said.as_str()), "{said}");
                }
            }
        }
    }
}

/// What cannot be said together, written out, so that a mistake in the rules is seen.
const IMPOSSIBLE: [&str; 24] = [
    "network: per-zone NAT, ingress: existing balancer",
    "network: per-zone NAT, ingress: existing target group",
    "network: single NAT, ingress: existing balancer",
    "network: single NAT, ingress: existing target group",
    "network: existing, flow logs: on",
    "network: existing, flow logs: off",
    "network: existing, harden: on",
    "network: existing, harden: off",
    "ingress: existing balancer, flow logs: on",
    "ingress: existing balancer, flow logs: off",
    "ingress: existing target group, flow logs: on",
    "ingress: existing target group, flow logs: off",
    "ingress: existing balancer, harden: on",
    "ingress: existing balancer, harden: off",
    "ingress: existing target group, harden: on",
    "ingress: existing target group, harden: off",
    "ingress: existing balancer, access logs: on",
    "ingress: existing balancer, access logs: off",
    "ingress: existing target group, access logs: on",
    "ingress: existing target group, access logs: off",
    "ingress: none, access logs: on",
    "ingress: none, access logs: off",
    "cluster: existing, insights: on",
    "cluster: existing, insights: off",
];
