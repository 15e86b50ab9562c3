//! Where everything stands in a picture: layers from left to right, so that every arrow leads to the right.
//!
//! The usual method (Sugiyama): each box in the layer after its last predecessor, bends in the layers that an arrow
//! crosses, the order in a layer by where the neighbours stand, and heights as near to the neighbours as there is room.
//! Everything follows from the graph alone, so equal graphs give equal pictures.

use std::collections::{BTreeMap, BTreeSet};

/// How often order and heights follow the neighbours: the picture does not change any more long before.
const ROUNDS: usize = 24;
/// Between two neighbours in a layer, in pixels.
const GAP: f64 = 14.0;

/// A box, or the bend of an arrow.
#[derive(Clone, Debug)]
pub struct Place {
    pub layer: usize,
    /// Of its middle, in pixels from the top.
    pub y: f64,
    height: f64,
}

/// The places of boxes with these heights, and for each arrow between them the bends on its way.
pub fn places(heights: &[f64], arrows: &[(usize, usize)]) -> (Vec<Place>, Vec<Vec<usize>>) {
    let layers = layers(heights.len(), arrows);
    let place = |layer: usize, height: f64| Place { layer, y: 0.0, height };
    let mut places: Vec<Place> = heights.iter().zip(&layers).map(|(height, layer)| place(*layer, *height)).collect();
    let (mut bends, mut links) = (Vec::new(), Vec::new());
    for (from, to) in arrows {
        let mut way = Vec::new();
        for layer in layers[*from] + 1..layers[*to] {
            way.push(places.len());
            places.push(place(layer, 0.0));
        }
        let stops: Vec<usize> = [*from].into_iter().chain(way.iter().copied()).chain([*to]).collect();
        links.extend(stops.windows(2).map(|pair| (pair[0], pair[1])));
        bends.push(way);
    }
    let mut columns = vec![Vec::new(); places.iter().map(|place| place.layer + 1).max().unwrap_or_default()];
    places.iter().enumerate().for_each(|(index, place)| columns[place.layer].push(index));
    order(&mut columns, &links);
    settle(&mut places, &columns, &links);
    (places, bends)
}

/// As far left as its predecessors allow; what has none stands right before the first that needs it.
fn layers(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut layers = vec![0; count];
    for _ in 0..count {
        arrows.iter().for_each(|(from, to)| layers[*to] = layers[*to].max(layers[*from] + 1));
    }
    let followers: BTreeSet<usize> = arrows.iter().map(|(_, to)| *to).collect();
    for first in (0..count).filter(|index| !followers.contains(index)) {
        let next = arrows.iter().filter(|(from, _)| *from == first).map(|(_, to)| layers[*to]).min();
        layers[first] = next.unwrap_or(1_usize).saturating_sub(1);
    }
    layers
}

/// Fewer crossings: each layer in the order of where its neighbours stand, from the left and from the right in turn.
fn order(columns: &mut [Vec<usize>], links: &[(usize, usize)]) {
    for round in 0..ROUNDS {
        let rightwards = round % 2 == 0;
        let layers: Vec<usize> =
            if rightwards { (1..columns.len()).collect() } else { (0..columns.len()).rev().skip(1).collect() };
        for layer in layers {
            let other = if rightwards { layer - 1 } else { layer + 1 };
            let rank: BTreeMap<usize, f64> =
                columns[other].iter().enumerate().map(|(rank, item)| (*item, rank as f64)).collect();
            let mut keyed: Vec<(f64, usize)> = columns[layer]
                .iter()
                .enumerate()
                .map(|(now, item)| {
                    (
                        mean(neighbours(links, *item).filter_map(|one| rank.get(&one).copied())).unwrap_or(now as f64),
                        *item,
                    )
                })
                .collect();
            // Stable, so that equals keep their order.
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            columns[layer] = keyed.into_iter().map(|(_, item)| item).collect();
        }
    }
}

/// Heights: as near to the neighbours as the order leaves room.
fn settle(places: &mut [Place], columns: &[Vec<usize>], links: &[(usize, usize)]) {
    for round in 0..ROUNDS {
        for column in columns {
            let wanted: Vec<f64> = column
                .iter()
                .map(|item| {
                    mean(neighbours(links, *item).map(|one| places[one].y))
                        .filter(|_| round > 0)
                        .unwrap_or(places[*item].y)
                })
                .collect();
            let apart = |above: usize, below: usize| (places[above].height + places[below].height) / 2.0 + GAP;
            let (mut down, mut up) = (wanted.clone(), wanted);
            for row in 1..column.len() {
                down[row] = down[row].max(down[row - 1] + apart(column[row - 1], column[row]));
            }
            for row in (1..column.len()).rev() {
                up[row - 1] = up[row - 1].min(up[row] - apart(column[row - 1], column[row]));
            }
            // Both keep the distances, and so does what is between them.
            let middle: Vec<f64> = down.iter().zip(&up).map(|(down, up)| (down + up) / 2.0).collect();
            column.iter().zip(middle).for_each(|(item, y)| places[*item].y = y);
        }
    }
    let top = places.iter().map(|place| place.y - place.height / 2.0).fold(f64::INFINITY, f64::min);
    places.iter_mut().for_each(|place| place.y -= top);
}

fn neighbours(links: &[(usize, usize)], item: usize) -> impl Iterator<Item = usize> {
    links.iter().filter_map(move |(from, to)| match (*from == item, *to == item) {
        (true, _) => Some(*to),
        (_, true) => Some(*from),
        _ => None,
    })
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
