//! The task definition of a 6.x deployment, as ECS will be asked for it.

use serde_json::Value;

use super::graph_of;

const LIMIT: usize = 64 * 1024;

fn task_definition(plan: &str) -> Value {
    let graph = graph_of(plan);
    let node = graph.nodes().find(|node| node.address.to_string() == "task-definition/main").unwrap();
    node.spec.clone()
}

#[test]
fn the_task_definition_of_6_1_0() {
    let ca = "[ca]\nsecret = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:corp-ca-a1B2c3\"\n";
    insta::assert_json_snapshot!(task_definition(&format!("name = \"prod\"\nrelease = \"6.1.0\"\n{ca}")));
}

/// ECS accepts 64 KiB (Amazon ECS service quotas, "Task definition size"). The rest is room for names of the user's:
/// a registry, a proxy, long ARNs.
#[test]
fn a_task_definition_of_6_x_is_far_below_the_limit() {
    for release in ["6.0.0", "6.0.1", "6.1.0"] {
        let size = task_definition(&format!("name = \"prod\"\nrelease = \"{release}\"\n")).to_string().len();
        println!("task definition of {release}: {size} of {LIMIT} bytes");
        assert!(size < LIMIT / 2, "{release}: {size} bytes");
    }
}
