//! Graphviz.

use std::fmt::Write;

use crate::engine::graph::Graph;
use crate::engine::reference::Need;
use crate::ui::words;

use super::picture::picture;

/// The graph in Graphviz's language. Arrows lead from what comes first; bold ones wait until it is ready.
pub fn dot(graph: &Graph) -> String {
    let picture = picture(graph);
    let mut text = "digraph deployment {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    // Writing to a String cannot fail; addresses need no escape.
    for (number, (part, addresses)) in picture.parts.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label=\"{}\";", words::part(*part));
        for address in addresses {
            let _ = writeln!(text, "    \"{address}\";");
        }
        text.push_str("  }\n");
    }
    for edge in &picture.edges {
        let style = if edge.need == Need::Ready { " [style=bold]" } else { "" };
        let _ = writeln!(text, "  \"{}\" -> \"{}\"{style};", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}
