//! Taking a deployment down: what a person has to consent to, and what remains.

use crate::engine::event::Outcome;
use crate::engine::holder::Surroundings;
use crate::engine::inventory::Inventory;
use crate::engine::kind::{Kinds, Lifecycle};
use crate::engine::plan::{Plan, Target};
use crate::planners::teardown;
use crate::session::confirm;

use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::lease::Exclusive;
use crate::session::saved::Saved;
use crate::session::{Found, Scope, Session};
use crate::ui::cost::Effect;
use crate::ui::remains::{Remains, after_destroy, deletes_data, remains};

use super::run::{Context, Work, run_plan};

/// What a person must do before a teardown may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    Given,
    /// Confirm it.
    Confirm,
    /// Type the name: it takes protection off, or data away.
    TypeName,
    /// Nothing that can be typed is enough.
    Impossible,
}

/// The planner's refusal to remove deletion protection without consent.
const PROTECTED: &str = "destroy/protected";

fn consent(plan: &Plan, deletes_data: bool, yes: bool, can_ask: bool) -> Consent {
    let refused: Vec<_> = plan.refusals().map(|finding| finding.code.as_str()).collect();
    let only_protected = !refused.is_empty() && refused.iter().all(|code| *code == PROTECTED);
    match (refused.is_empty(), yes) {
        (true, true) => Consent::Given,
        (true, false) if deletes_data => Consent::TypeName,
        (true, false) => Consent::Confirm,
        // `--yes` means that nobody shall be asked, and it is no consent to this.
        (false, false) if only_protected && can_ask => Consent::TypeName,
        (false, _) => Consent::Impossible,
    }
}

/// Refuses a name that no deployment of this account and region has, before anything is written. Not needed where a run
/// has ever held the lease.
pub async fn refuse_unknown(context: Context<'_>) -> Result<(), CommandError> {
    let Context { session, scope, .. } = context;
    let inventory = session.inventory(&mut scope.clone()).await?;
    let is_shared = |kind: &str| session.kinds().kind(kind).is_some_and(|kind| kind.lifecycle == Lifecycle::Shared);
    if inventory.live.iter().any(|live| !is_shared(live.address.kind())) {
        return Ok(());
    }
    let Target { deployment, account, region } = session.target(&scope.name);
    let message = format!("there is no deployment {deployment:?} in account {account}, region {region}");
    Err(CommandError::refused("destroy/nothing-there", format!("{message}; nothing was changed"))
        .hint("`ce-aws list` shows those that there are; --region and --profile say where to look"))
}

/// What there is to take down.
struct Standing {
    scope: Scope,
    inventory: Inventory,
    surroundings: Surroundings,
}

impl Standing {
    /// Reads it.
    async fn read(session: &Session, scope: &Scope) -> Result<Self, CommandError> {
        let Found { scope, inventory } = session.found(scope.clone()).await?;
        let (inventory, surroundings) = session.whole(&scope, inventory).await?;
        Ok(Self { scope, inventory, surroundings })
    }
}

/// Shows the plan, asks, carries it out, and says what remains. A saved plan must still fit.
pub async fn destroy(
    context: Context<'_>,
    exclusive: Exclusive<'_>,
    options: teardown::Options,
    saved: Option<&Saved>,
) -> Result<Exit, CommandError> {
    let read = async || Standing::read(context.session, context.scope).await;
    exclusive.run(read, async |standing| take_down(context, standing, options, saved).await).await
}

async fn take_down(
    context: Context<'_>,
    standing: Standing,
    options: teardown::Options,
    saved: Option<&Saved>,
) -> Result<Exit, CommandError> {
    let (session, Standing { scope, inventory, surroundings }) = (context.session, standing);
    let context = Context { scope: &scope, ..context };
    let plan = |options| session.teardown(&scope.name, &inventory, &surroundings, options);
    let mut work = Work::new(plan(options), "Destroy it?");
    saved.map(|saved| saved.check(&work.plan)).transpose()?;
    let data = deletes_data(&work.plan, session.kinds());
    if consent(&work.plan, data, context.yes, confirm::can_ask()) == Consent::TypeName {
        (work.question, work.ask) = (question(&work.plan, data), &scope.name);
        // Typing the name is the consent: the plan is shown as it will run then.
        work.plan = plan(teardown::Options { unprotect: true, ..options });
    }
    work.cost = Some(Effect::of(&inventory, &work.plan));
    work.show(context)?;
    if work.plan.is_empty() {
        report(context, &remains(&work.plan, session.kinds()))?;
        return Ok(Exit::Done);
    }
    work.ask(context)?;
    let remaining = remains(&work.plan, session.kinds());
    let result = run_plan(context, work.plan).await?;
    if result.outcome == Outcome::Done {
        report(context, &remaining)?;
    }
    Ok(result.exit())
}

/// What typing the name consents to.
fn question(plan: &Plan, deletes_data: bool) -> &'static str {
    match (deletes_data, plan.refusals().next().is_some()) {
        (true, true) => "This removes deletion protection and deletes data for good.",
        (true, false) => "This deletes data for good.",
        (false, _) => "This removes deletion protection.",
    }
}

fn report(context: Context<'_>, remaining: &[Remains]) -> Result<(), CommandError> {
    if context.output.is_json() {
        context.output.line(&serde_json::json!({ "code": "destroyed", "remains": remaining }))
    } else {
        context.output.data(&after_destroy(remaining))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{Finding, Purpose, Severity};

    fn plan(codes: &[&str]) -> Plan {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let finding = |code: &&str| Finding {
            code: (*code).into(),
            severity: Severity::Refusal,
            address: None,
            message: "m".into(),
            hint: None,
        };
        Plan { findings: codes.iter().map(finding).collect(), ..Plan::empty(Purpose::Destroy, target) }
    }

    #[test]
    fn protection_is_never_taken_off_by_yes() {
        let protected = plan(&[PROTECTED]);
        assert_eq!(consent(&protected, false, true, true), Consent::Impossible);
        assert_eq!(consent(&protected, false, true, false), Consent::Impossible);
        assert_eq!(consent(&protected, false, false, false), Consent::Impossible);
        assert_eq!(consent(&protected, false, false, true), Consent::TypeName);
    }

    #[test]
    fn no_name_overrules_another_refusal() {
        assert_eq!(consent(&plan(&[PROTECTED, "x/y"]), false, false, true), Consent::Impossible);
    }

    #[test]
    fn without_protection_yes_is_enough_and_data_needs_the_name() {
        assert_eq!(consent(&plan(&[]), true, true, false), Consent::Given);
        assert_eq!(consent(&plan(&[]), false, false, true), Consent::Confirm);
        assert_eq!(consent(&plan(&[]), true, false, true), Consent::TypeName);
    }
}
