//! Whether the account lets a plan be carried out: asked before anything is made, and only of what the plan makes.

use crate::borrowed::account;
use crate::checks;
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Plan};
use crate::kinds::resource::Cx;

/// What is to be said of quotas and of names. A plan that creates nothing asks nothing.
pub async fn account(context: &Cx, file: &PlanFile, plan: &Plan, inventory: &Inventory) -> Vec<Finding> {
    let demands = checks::quota::demands(plan, inventory, f64::from(file.package.vcpus()));
    let names = checks::names::given(plan);
    let (rooms, held) =
        futures::join!(account::quota::rooms(context, demands), account::names::holders(context, names));
    let mut findings = checks::quota::quotas(&rooms, &context.names.region);
    findings.extend(checks::names::names(&held, file.name.as_str()));
    findings
}
