//! What is deployed keeps its specifications: any difference here is a change in the plan of existing deployments.

use std::fmt::Write as _;

use super::graph_of;
use crate::engine::compare;

const PROXY: &str = "[proxy]\nhttp = \"http://10.0.0.5:3128\"\nhttps = \"http://10.0.0.5:3128\"\n";
const CA: &str = "[ca]\nsecret = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:corp-ca-a1B2c3\"\n";

#[test]
fn the_digests_of_releases_that_are_deployed_stay() {
    let mut lines = String::new();
    for release in ["4.0.0", "4.1.0", "4.2.0", "5.0.0", "5.0.1", "5.1.0", "5.1.1", "5.1.2"] {
        // Before 4.2.0 there is no place for a CA.
        let ca = if ["4.0.0", "4.1.0"].contains(&release) { "" } else { CA };
        for (what, rest) in [("plain", String::new()), ("outside", format!("{PROXY}{ca}"))] {
            let graph = graph_of(&format!("name = \"prod\"\nrelease = \"{release}\"\npackage = \"medium\"\n{rest}"));
            let task = graph.get(&"task-definition/main".parse().unwrap()).unwrap().digest();
            let all: Vec<_> = graph.nodes().map(|node| format!("{} {}", node.address, node.digest())).collect();
            let all = compare::digest(&all.into());
            writeln!(lines, "{release} {what}: task definition {task}, everything {all}").unwrap();
        }
    }
    insta::assert_snapshot!(lines);
}

/// In full, to see what a difference is.
#[test]
fn the_task_definition_of_5_0_0_as_it_is_recorded() {
    let graph = graph_of("name = \"prod\"\nrelease = \"5.0.0\"\n");
    let task = graph.get(&"task-definition/main".parse().unwrap()).unwrap();
    insta::assert_json_snapshot!(task.spec);
}
