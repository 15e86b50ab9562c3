//! Covers many networks with few ranges.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

/// At most `room` ranges (at least one) that contain all of `nets` and as few other addresses as possible; of equal
/// solutions, the one with the fewest ranges. If `nets` fit as they are: those, in their order, each once.
pub fn cover(nets: &[Ipv4Net], room: usize) -> Vec<Ipv4Net> {
    let mut seen = BTreeSet::new();
    let each: Vec<Ipv4Net> = nets.iter().copied().filter(|net| seen.insert(*net)).collect();
    if each.len() <= room {
        return each;
    }
    let room = room.max(1);
    let mut ranges = Vec::new();
    Node::of(&apart(&each), room).take(room, &mut ranges);
    ranges
}

/// How many addresses of a range are in none of `nets`.
pub fn beside(range: Ipv4Net, nets: &[Ipv4Net]) -> u64 {
    let apart = apart(nets);
    if apart.iter().any(|net| net.contains(&range)) {
        return 0;
    }
    size(range) - apart.iter().filter(|net| range.contains(*net)).map(|net| size(*net)).sum::<u64>()
}

/// Those that are inside no other, sorted by address.
fn apart(nets: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let mut sorted = nets.to_vec();
    // By address, a network before those inside it.
    sorted.sort_unstable_by_key(|net| (net.network(), net.prefix_len()));
    let mut apart: Vec<Ipv4Net> = Vec::new();
    for net in sorted {
        if !apart.last().is_some_and(|last| last.contains(&net)) {
            apart.push(net);
        }
    }
    apart
}

fn size(net: Ipv4Net) -> u64 {
    1 << (32 - net.prefix_len())
}

/// Some networks, and the smallest range that contains them all.
struct Node {
    range: Ipv4Net,
    /// Addresses of the networks.
    held: u64,
    halves: Option<Box<[Node; 2]>>,
    /// The best solutions with one range, two ranges, and so on.
    best: Vec<Choice>,
}

/// The best solution with a number of ranges: by (other addresses, ranges).
#[derive(Clone, Copy)]
struct Choice {
    cost: (u64, usize),
    /// How many of the ranges each half gets; `None` where one range for both is best.
    split: Option<(usize, usize)>,
}

impl Node {
    /// `nets` are apart and in order, and there is one at least.
    fn of(nets: &[Ipv4Net], room: usize) -> Self {
        let (Some(first), Some(last)) = (nets.first(), nets.last()) else { return Self::leaf(Ipv4Net::default(), 0) };
        if nets.len() == 1 {
            return Self::leaf(*first, size(*first));
        }
        let (low, high) = (u32::from(first.network()), u32::from(last.network()));
        // Two networks that are apart differ in a bit that both have fixed.
        let common = u8::try_from((low ^ high).leading_zeros()).unwrap_or(0).min(31);
        let bit = 1_u32 << (31 - common);
        let middle = nets.partition_point(|net| u32::from(net.network()) & bit == 0);
        let (left, right) = (Self::of(&nets[..middle], room), Self::of(&nets[middle..], room));
        let range = Ipv4Net::new(first.network(), common).map_or(Ipv4Net::default(), |net| net.trunc());
        let held = left.held + right.held;
        let mut best = vec![Choice { cost: (size(range) - held, 1), split: None }];
        for ranges in 2..=room.min(left.best.len() + right.best.len()) {
            let splits = (1..ranges).map(|of_left| {
                let (one, other) = (left.with(of_left), right.with(ranges - of_left));
                let cost = (one.cost.0 + other.cost.0, one.cost.1 + other.cost.1);
                Choice { cost, split: Some((of_left, ranges - of_left)) }
            });
            best.extend(best.last().copied().into_iter().chain(splits).min_by_key(|choice| choice.cost));
        }
        Self { range, held, halves: Some(Box::new([left, right])), best }
    }

    fn leaf(range: Ipv4Net, held: u64) -> Self {
        Self { range, held, halves: None, best: vec![Choice { cost: (0, 1), split: None }] }
    }

    fn with(&self, ranges: usize) -> Choice {
        self.best[ranges.min(self.best.len()) - 1]
    }

    fn take(&self, ranges: usize, taken: &mut Vec<Ipv4Net>) {
        match (self.with(ranges).split, &self.halves) {
            (Some((of_left, of_right)), Some(halves)) => {
                halves[0].take(of_left, taken);
                halves[1].take(of_right, taken);
            }
            _ => taken.push(self.range),
        }
    }
}
