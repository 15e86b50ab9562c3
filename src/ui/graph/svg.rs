//! A picture that needs no other program to look at.
//!
//! Each part of the stack is a lane; from left to right stands what can only start after what is left of it. The
//! place of everything follows from the graph alone, so that equal graphs give equal pictures.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::reference::Need;
use crate::ui::words;

use super::picture::{Edge, picture};

/// Sizes in pixels.
const BOX: (usize, usize) = (220, 26);
const STEP: (usize, usize) = (268, 36);
const LANE_TITLE: usize = 24;
const MARGIN: usize = 16;

/// Fill colours of the lanes, in turn.
const LANES: [&str; 2] = ["#f3f5f8", "#e9edf3"];

/// The graph as an SVG document. Arrows lead from what comes first; thick ones wait until it works.
pub fn svg(graph: &Graph) -> String {
    let picture = picture(graph);
    let columns = columns(graph);
    let mut places: BTreeMap<&Address, (usize, usize)> = BTreeMap::new();
    let mut lanes = String::new();
    let mut top = MARGIN;
    let width = MARGIN * 2 + columns.values().max().map_or(0, |last| last * STEP.0) + BOX.0;
    for (number, (part, addresses)) in picture.parts.iter().enumerate() {
        let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
        for address in addresses {
            let column = columns.get(address).copied().unwrap_or_default();
            let row = filled.entry(column).or_default();
            places.insert(address, (MARGIN + column * STEP.0, top + LANE_TITLE + *row * STEP.1));
            *row += 1;
        }
        let height = LANE_TITLE + filled.values().max().map_or(0, |rows| rows * STEP.1);
        let fill = LANES[number % LANES.len()];
        line(&mut lanes, format_args!("<rect y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"));
        let title = format_args!("<text x=\"8\" y=\"{}\" font-weight=\"bold\">{}</text>", top + 16, words::part(*part));
        line(&mut lanes, title);
        top += height;
    }
    let mut text = String::new();
    let size = format!("width=\"{width}\" height=\"{0}\" viewBox=\"0 0 {width} {0}\"", top + MARGIN);
    line(
        &mut text,
        format_args!("<svg xmlns=\"http://www.w3.org/2000/svg\" {size} font-family=\"sans-serif\" font-size=\"12\">"),
    );
    line(&mut text, format_args!("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"));
    line(
        &mut text,
        format_args!(
            "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"3\" orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0,0 L8,3 L0,6 z\" fill=\"#5b6b83\"/></marker></defs>"
        ),
    );
    text.push_str(&lanes);
    picture.edges.iter().for_each(|edge| arrow(&mut text, edge, &places));
    for (address, (x, y)) in &places {
        let (width, height) = BOX;
        line(
            &mut text,
            format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"#ffffff\" stroke=\"#5b6b83\"/>"
            ),
        );
        // An address has no character that XML would have to escape.
        line(&mut text, format_args!("<text x=\"{}\" y=\"{}\">{address}</text>", x + 8, y + 17));
    }
    text.push_str("</svg>\n");
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// How many others each resource has before it at least, in a row.
fn columns(graph: &Graph) -> BTreeMap<&Address, usize> {
    let mut columns: BTreeMap<&Address, usize> = BTreeMap::new();
    for node in graph.in_order() {
        let before = node.needs.iter().filter_map(|(address, _)| columns.get(address)).max();
        let column = before.map_or(0, |column| column + 1);
        columns.insert(&node.address, column);
    }
    columns
}

fn arrow(text: &mut String, edge: &Edge<'_>, places: &BTreeMap<&Address, (usize, usize)>) {
    let (Some((from_x, from_y)), Some((to_x, to_y))) = (places.get(edge.from), places.get(edge.to)) else { return };
    let (x1, y1) = (from_x + BOX.0, from_y + BOX.1 / 2);
    let (x2, y2) = (*to_x, to_y + BOX.1 / 2);
    // Every arrow leads to a column further right.
    let bend = (x2.saturating_sub(x1) / 2).clamp(20, 120);
    let width = if edge.need == Need::Ready { 2.0 } else { 0.8 };
    let path = format!("M{x1},{y1} C{},{y1} {},{y2} {x2},{y2}", x1 + bend, x2.saturating_sub(bend));
    let style = format!("fill=\"none\" stroke=\"#5b6b83\" stroke-width=\"{width}\" marker-end=\"url(#tip)\"");
    line(text, format_args!("<path d=\"{path}\" {style}/>"));
}
