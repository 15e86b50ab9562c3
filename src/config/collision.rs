//! Plan files that exclude each other.

use serde::Serialize;

use super::{aws_name::LoadBalancerArn, plan_file::PlanFile};

/// Two plan files that claim the same thing in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collision {
    /// Stable name, such as `plan-file/same-deployment`.
    pub code: &'static str,
    /// What both claim, as a lowercase fragment that names the files.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Paths as they were given, in their order.
    pub files: [String; 2],
}

/// Every collision among plan files, given with their paths. A file does not collide with itself.
pub fn collisions(files: &[(&str, &PlanFile)]) -> Vec<Collision> {
    let pairs =
        files.iter().enumerate().flat_map(|(index, later)| files[..index].iter().map(move |earlier| (earlier, later)));
    let different = pairs.filter(|((first, _), (second, _))| first != second);
    different.flat_map(|(first, second)| between(*first, *second)).collect()
}

fn between((first, one): (&str, &PlanFile), (second, other): (&str, &PlanFile)) -> Vec<Collision> {
    let collision = |code, message, hint: &str| Collision {
        code,
        message,
        hint: hint.to_owned(),
        files: [first.to_owned(), second.to_owned()],
    };
    if one.name == other.name && is_same_region(one, other) {
        // Every other collision follows from this one.
        let region = one.region.or(other.region).map_or_else(String::new, |region| format!(" in {region}"));
        return vec![collision(
            "plan-file/same-deployment",
            format!("{first} and {second} are one deployment, {}{region}: each apply would undo the other's", one.name),
            "give one of them another `name` or `region`; files for different accounts belong in different folders",
        )];
    }
    let mut all = Vec::new();
    if let Some(group) =
        one.existing.target_group.as_ref().filter(|group| Some(*group) == other.existing.target_group.as_ref())
    {
        all.push(collision(
            "plan-file/same-target-group",
            format!("{first} and {second} share the target group {group}: people would reach now one, now the other"),
            "give each deployment a target group of its own",
        ));
    }
    if let Some((balancer, port)) = listener(one).filter(|own| Some(*own) == listener(other)) {
        all.push(collision(
            "plan-file/same-listener",
            format!("{first} and {second} both listen on port {port} of {balancer}"),
            "give one of them another `port` in [load_balancer]",
        ));
    }
    all
}

/// A file without a region may be meant for any.
fn is_same_region(one: &PlanFile, other: &PlanFile) -> bool {
    match (one.region, other.region) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// What a deployment listens on, if the load balancer is the user's.
fn listener(file: &PlanFile) -> Option<(&LoadBalancerArn, u16)> {
    file.existing.load_balancer.as_ref().map(|balancer| (balancer, file.listens_on()))
}
