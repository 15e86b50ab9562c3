//! The steps of a plan under titles.

use std::cmp::Ordering;

use crate::engine::kind::{Kind, Kinds, Part};
use crate::engine::plan::{Plan, Stage, Step};
use crate::ui::words;

/// Where steps are shown, in the order of showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Security,
    Part(Part),
    Stage(Stage),
    Other,
}

impl Place {
    fn of(step: &Step, kinds: &[Kind]) -> Self {
        match (step.stage, kinds.kind(step.address.kind())) {
            (Some(stage), _) if stage != Stage::Prepare => Self::Stage(stage),
            (_, Some(kind)) if kind.security => Self::Security,
            (_, Some(kind)) => Self::Part(kind.part),
            (_, None) => Self::Other,
        }
    }

    /// The title, and for a stage how it is undone.
    pub fn title(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Security => ("Security (who may do what)", None),
            Self::Part(part) => (words::part(part), None),
            Self::Stage(stage) => {
                let (title, undo) = words::stage(stage);
                (title, Some(undo))
            }
            Self::Other => ("Other", None),
        }
    }
}

/// Security first, then part by part in the plan's own order, then stage by stage in the order of execution.
pub fn groups<'a>(plan: &'a Plan, kinds: &[Kind]) -> Vec<(Place, Vec<&'a Step>)> {
    let mut placed: Vec<_> =
        plan.steps.iter().zip(turns(plan)).map(|(step, turn)| (Place::of(step, kinds), turn, step)).collect();
    placed.sort_by(|a, b| match (a.0.cmp(&b.0), a.0) {
        (Ordering::Equal, Place::Stage(_)) => a.1.cmp(&b.1),
        (order, _) => order,
    });
    let groups = placed.chunk_by(|a, b| a.0 == b.0);
    groups.map(|group| (group[0].0, group.iter().map(|(_, _, step)| *step).collect())).collect()
}

/// How many steps are behind each other before each step.
fn turns(plan: &Plan) -> Vec<usize> {
    let mut turns = vec![0; plan.steps.len()];
    // As many rounds as the longest chain has steps, and one more that changes nothing.
    for _ in &plan.steps {
        let turn = |step: &Step| step.after.iter().filter_map(|after| turns.get(after.step)).map(|turn| turn + 1).max();
        let next: Vec<usize> = plan.steps.iter().map(|step| turn(step).unwrap_or_default()).collect();
        if next == turns {
            break;
        }
        turns = next;
    }
    turns
}
