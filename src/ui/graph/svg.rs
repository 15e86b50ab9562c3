//! A picture that needs no other program to look at.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::kind::Part;
use crate::engine::reference::Need;
use crate::ui::words;

use super::layers::{Place, places};
use super::picture::{Picture, picture};

/// Sizes in pixels.
const MARGIN: usize = 24;
const LINE: usize = 16;
/// A character of the monospaced font, a little more than most fonts need.
const CHARACTER: usize = 8;
/// Between two layers, for the arrows.
const BETWEEN: usize = 84;
const HEAD: usize = 96;

const ARROW: &str = "#5b6b83";
/// What [`Need::Exists`] and [`Need::Ready`] are drawn with.
const STROKES: [(&str, &str); 2] = [("0.9", "waits until it exists"), ("2.2", "waits until it is ready")];

/// The graph as an SVG document. Arrows lead from what comes first; thick ones wait until it is ready.
pub fn svg(graph: &Graph, title: &str) -> String {
    let picture = picture(graph);
    let boxes = boxes(&picture);
    let of: BTreeMap<&Address, usize> =
        boxes.iter().enumerate().flat_map(|(index, one)| one.addresses.iter().map(move |it| (*it, index))).collect();
    let mut arrows: Vec<(usize, usize, Need)> = Vec::new();
    for edge in &picture.edges {
        let arrow = (of[edge.from], of[edge.to], edge.need);
        if !arrows.contains(&arrow) {
            arrows.push(arrow);
        }
    }
    let heights: Vec<f64> = boxes.iter().map(|one| one.height() as f64).collect();
    let (places, bends) = places(&heights, &arrows.iter().map(|(from, to, _)| (*from, *to)).collect::<Vec<_>>());
    let columns = columns(&boxes, &places);

    let legend = legend(&picture);
    let broad = columns.last().map_or(0, |(left, width)| left + width).max(legend.1) + MARGIN;
    let bottom = boxes.iter().zip(&places).map(|(one, place)| top(place) + one.height() / 2).max().unwrap_or_default();
    let mut text = String::new();
    let high = bottom + MARGIN;
    line(
        &mut text,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{broad}\" height=\"{high}\" \
             viewBox=\"0 0 {broad} {high}\" \
             font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"12\">\n\
             <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <defs><marker id=\"tip\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\" \
             markerUnits=\"userSpaceOnUse\"><path d=\"M0,0 L9,4 L0,8 z\" fill=\"{ARROW}\"/></marker></defs>\n\
             <text x=\"{MARGIN}\" y=\"36\" font-size=\"18\" font-weight=\"bold\">{title}</text>"
        ),
    );
    text.push_str(&legend.0);
    for ((from, to, need), bends) in arrows.iter().zip(&bends) {
        let end = |place: &Place, right: bool| {
            let (left, width) = columns[place.layer];
            (if right { left + width } else { left }, top(place))
        };
        let right_of = |index: usize| {
            let (left, _) = columns[places[index].layer];
            (left + boxes[index].width(), top(&places[index]))
        };
        let mut path = format!("M{},{}", right_of(*from).0, right_of(*from).1);
        // Straight on past wider boxes of the same layer.
        let mut at = end(&places[*from], true);
        let _ = write!(path, " L{},{}", at.0, at.1);
        for bend in bends {
            curve(&mut path, at, end(&places[*bend], false));
            at = end(&places[*bend], true);
            let _ = write!(path, " L{},{}", at.0, at.1);
        }
        curve(&mut path, at, end(&places[*to], false));
        stroke(&mut text, &path, *need);
    }
    for (one, place) in boxes.iter().zip(&places) {
        let (x, y) = (columns[place.layer].0, top(place) - one.height() / 2);
        rectangle(&mut text, (x, y), (one.width(), one.height()), one.part);
        for (row, address) in one.addresses.iter().enumerate() {
            // An address has no character that XML would have to escape.
            line(&mut text, format_args!("<text x=\"{}\" y=\"{}\">{address}</text>", x + 8, y + 17 + row * LINE));
        }
    }
    text.push_str("</svg>\n");
    text
}

/// Resources of one kind that wait for the same and are waited for by the same: one box.
struct Group<'a> {
    part: Part,
    addresses: Vec<&'a Address>,
}

impl Group<'_> {
    fn width(&self) -> usize {
        let longest = self.addresses.iter().map(|address| address.as_str().len()).max().unwrap_or_default();
        longest * CHARACTER + 12
    }

    fn height(&self) -> usize {
        self.addresses.len() * LINE + 10
    }
}

fn boxes<'a>(picture: &Picture<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<(Vec<_>, Group<'a>)> = Vec::new();
    for (part, addresses) in &picture.parts {
        for address in addresses {
            let before =
                picture.edges.iter().filter(|edge| edge.to == *address).map(|edge| (false, edge.from, edge.need));
            let after =
                picture.edges.iter().filter(|edge| edge.from == *address).map(|edge| (true, edge.to, edge.need));
            let around: Vec<_> = before.chain(after).collect();
            let same = |(other, group): &&mut (Vec<_>, Group<'a>)| {
                *other == around && group.addresses[0].kind() == address.kind()
            };
            match groups.iter_mut().find(same) {
                Some((_, group)) => group.addresses.push(address),
                None => groups.push((around, Group { part: *part, addresses: vec![address] })),
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Where each layer begins, and how wide it is.
fn columns(boxes: &[Group<'_>], places: &[Place]) -> Vec<(usize, usize)> {
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for layer in 0..=places.iter().map(|place| place.layer).max().unwrap_or_default() {
        let left = columns.last().map_or(MARGIN, |(left, width)| left + width + BETWEEN);
        let here = boxes.iter().zip(places).filter(|(_, place)| place.layer == layer);
        columns.push((left, here.map(|(one, _)| one.width()).max().unwrap_or_default()));
    }
    columns
}

/// The middle of a place below the head, in whole pixels.
fn top(place: &Place) -> usize {
    // `as` saturates, and no place is above zero.
    HEAD + place.y.round() as usize
}

fn colour(part: Part) -> &'static str {
    match part {
        Part::Identity => "#fde8d7",
        Part::Network => "#dcebfb",
        Part::Storage => "#e2f3de",
        Part::Secrets => "#f8dfe6",
        Part::Logs => "#eeeeee",
        Part::Ingress => "#ece2f8",
        Part::Service => "#fff4c8",
        Part::Alarms => "#f9dcdc",
    }
}

/// The parts with their colours and the two sorts of arrows, and how far they reach to the right.
fn legend(picture: &Picture<'_>) -> (String, usize) {
    let (mut text, mut x, y) = (String::new(), MARGIN, 54);
    for (part, _) in &picture.parts {
        let words = words::part(*part);
        rectangle(&mut text, (x, y), (18, 14), *part);
        line(&mut text, format_args!("<text x=\"{}\" y=\"{}\">{words}</text>", x + 24, y + 11));
        x += 24 + words.len() * CHARACTER + 16;
    }
    for (need, (_, words)) in [Need::Exists, Need::Ready].into_iter().zip(STROKES) {
        stroke(&mut text, &format!("M{x},{} L{},{}", y + 7, x + 34, y + 7), need);
        line(&mut text, format_args!("<text x=\"{}\" y=\"{}\">{words}</text>", x + 42, y + 11));
        x += 42 + words.len() * CHARACTER + 16;
    }
    (text, x)
}

fn rectangle(text: &mut String, (x, y): (usize, usize), (width, height): (usize, usize), part: Part) {
    let fill = colour(part);
    line(
        text,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{fill}\" \
             stroke=\"{ARROW}\"/>"
        ),
    );
}

/// A bow that leaves and arrives level.
fn curve(path: &mut String, (x1, y1): (usize, usize), (x2, y2): (usize, usize)) {
    let middle = usize::midpoint(x1, x2);
    let _ = write!(path, " C{middle},{y1} {middle},{y2} {x2},{y2}");
}

fn stroke(text: &mut String, path: &str, need: Need) {
    let (width, _) = STROKES[usize::from(need == Need::Ready)];
    let style = format_args!("fill=\"none\" stroke=\"{ARROW}\" stroke-width=\"{width}\" marker-end=\"url(#tip)\"");
    line(text, format_args!("<path d=\"{path}\" {style}/>"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
