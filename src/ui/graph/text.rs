//! Languages that other programs draw: Graphviz, and Mermaid, which code hosts draw inside Markdown.

use std::fmt::Write;

use crate::engine::address::Address;
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

/// The graph as a Mermaid flowchart. Arrows lead from what comes first; thick ones wait until it is ready.
pub fn mermaid(graph: &Graph) -> String {
    let picture = picture(graph);
    let mut text = "flowchart LR\n".to_owned();
    // Writing to a String cannot fail; addresses need no escape.
    for (number, (part, addresses)) in picture.parts.iter().enumerate() {
        let _ = writeln!(text, "  subgraph part{number} [\"{}\"]", words::part(*part));
        for address in addresses {
            let _ = writeln!(text, "    {}[\"{address}\"]", id(address));
        }
        text.push_str("  end\n");
    }
    for edge in &picture.edges {
        let arrow = if edge.need == Need::Ready { "==>" } else { "-->" };
        let _ = writeln!(text, "  {} {arrow} {}", id(edge.from), id(edge.to));
    }
    text
}

/// Mermaid's identifiers know neither slash nor, safely, hyphen (`end` is a keyword only by itself).
fn id(address: &Address) -> String {
    address.as_str().replace('/', "__").replace('-', "_")
}
