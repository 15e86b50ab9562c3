//! A container to enter, and why one cannot be.

use crate::aws::exec::error::ExecError;
use crate::aws::exec::run::Container;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Inventory;
use crate::kinds::context::Context;
use crate::kinds::service::view::{ServiceView, TaskView};
use crate::live::reachable::{Unreachable, describe, reachable};
use crate::live::transfer::error::TransferError;
use crate::session::{CommandError, Scope, Session};

/// A container to enter.
pub struct Place {
    pub context: Context,
    pub task_id: String,
    pub private_ip: Option<String>,
    cluster: String,
    task: String,
    container: String,
    runtime_id: Option<String>,
}

impl Place {
    /// A container of the running task; of the one whose id begins so, if several run.
    ///
    /// # Errors
    ///
    /// It cannot be entered.
    pub async fn find(session: &Session, scope: &mut Scope, container: &str, task: &str) -> Result<Self, CommandError> {
        let inventory = session.inventory(scope).await?;
        Self::enter(session, scope, &inventory, container, task).await
    }

    /// The same where the inventory has been read.
    ///
    /// # Errors
    ///
    /// It cannot be entered.
    pub async fn enter(
        session: &Session,
        scope: &Scope,
        inventory: &Inventory,
        container: &str,
        task: &str,
    ) -> Result<Self, CommandError> {
        let service = session.service(scope, inventory).await?;
        let context = session.context(scope);
        let task = choose(&service, task)?;
        let cluster = service.cluster();
        let described = describe(&context, cluster, &task.arn).await?;
        let runtime_id = reachable(described.as_ref(), container).map_err(refused)?.runtime_id().map(str::to_owned);
        Ok(Self {
            context,
            task_id: task.short_id().to_owned(),
            private_ip: task.private_ip.clone(),
            cluster: cluster.to_owned(),
            task: task.arn.clone(),
            container: container.to_owned(),
            runtime_id,
        })
    }

    pub fn container(&self) -> Container<'_> {
        let runtime_id = self.runtime_id.as_deref();
        Container { cluster: &self.cluster, task: &self.task, name: &self.container, runtime_id }
    }
}

/// The running task.
fn choose<'a>(service: &'a ServiceView, id: &str) -> Result<&'a TaskView, CommandError> {
    let running = service.writers().filter(|task| task.last == "RUNNING");
    let tasks: Vec<&TaskView> = running.filter(|task| task.id().starts_with(id)).collect();
    match tasks.as_slice() {
        [one] => Ok(one),
        [] => {
            let what = if id.is_empty() { "no task is running".to_owned() } else { format!("no task {id} is running") };
            Err(CommandError::refused("exec/no-task", what)
                .hint("`ce-aws status` shows what there is; `ce-aws start` starts what was stopped"))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|task| task.short_id()).collect();
            Err(CommandError::refused("exec/several-tasks", format!("several tasks are running: {}", ids.join(", ")))
                .hint("--task chooses one"))
        }
    }
}

const AGAIN: &str = "a task gets it when it starts: `ce-aws stop`, then `ce-aws start`";

fn refused(why: Unreachable) -> CommandError {
    let message = why.to_string();
    match why {
        Unreachable::NotRunning => CommandError::refused("exec/no-task", message).hint("`ce-aws status` shows why"),
        Unreachable::NoContainer { .. } => CommandError::refused("exec/unknown-container", message),
        Unreachable::Stopped(_) => CommandError::refused("exec/container-stopped", message)
            .hint("`ce-aws logs` shows what it has logged; some containers only prepare the others and then end"),
        Unreachable::Disabled => CommandError::refused("exec/disabled", message)
            .hint(format!("`ce-aws plan` shows whether the service has it enabled; {AGAIN}")),
        Unreachable::NoAgent(_) => CommandError::refused("exec/no-agent", message)
            .hint(
                "it starts some seconds after its container, and needs a way to the service ssmmessages and a task \
                 role with the ssmmessages actions: `ce-aws doctor` checks both",
            )
            .hint(format!("an agent that has stopped does not come back: {AGAIN}")),
    }
}

/// What went wrong after all that could be checked.
pub fn failed(error: ExecError) -> CommandError {
    let message = error.to_string();
    let (cause, hint) = match error {
        ExecError::Refused(failure) => return with_hints(failure).into(),
        ExecError::Forbidden { .. } | ExecError::Unsigned { .. } => (Cause::Denied, POLICY),
        ExecError::NoKey(failure) => return failure.hint(NO_KEY).into(),
        ExecError::Undecipherable => (Cause::Refused, "run it again; what was sent so far counts for nothing"),
        ExecError::CutOff(why) if why.contains(NOT_DECRYPTED) => (Cause::Denied, DECRYPT),
        ExecError::Unreachable { .. } => {
            (Cause::Unavailable, "the connection goes straight to ssmmessages in the region, without a proxy")
        }
        _ => (
            Cause::Unavailable,
            "how far the command has come is not known: `ce-aws logs` and `ce-aws status` show more",
        ),
    };
    Failure::of(cause, message).hint(hint).into()
}

/// Whoever opens a session that is encrypted makes its data key.
pub const NO_KEY: &str = "sessions are encrypted with this KMS key: the caller needs kms:GenerateDataKey on it, which \
                          `ce-aws policy` prints for an existing cluster, and the key's own policy must not deny it";

/// What the agent says where KMS does not decrypt the data key for the task (`finalizeKMSEncryption` of
/// `aws/amazon-ssm-agent`).
const NOT_DECRYPTED: &str = "Fetching data key failed";
const DECRYPT: &str = "the task role needs kms:Decrypt on the key that encrypts the cluster's sessions, in its own \
                       policy and in the key's: `ce-aws apply` gives it to a role of ce-aws, `ce-aws doctor` checks \
                       yours";

const POLICY: &str = "`ce-aws policy --for upgrade` prints the permissions that this needs";

/// What to do about an agent that AWS does not reach.
pub const NOT_CONNECTED: &str = "the agent in the container has no connection: run it again in some seconds, and see \
                                 whether the task role has the ssmmessages actions";

fn with_hints(failure: Failure) -> Failure {
    match failure.cause {
        Cause::Denied => failure.hint(POLICY),
        _ if failure.code == "TargetNotConnectedException" => failure.hint(NOT_CONNECTED),
        _ => failure,
    }
}

/// Why a file has not arrived; `state` says what is left as it was.
pub fn not_transferred(error: TransferError, state: &str) -> CommandError {
    let message = format!("{error}; {state}");
    match error {
        TransferError::Exec(error) => failed(error).hint(state),
        TransferError::Failed { code: 69, .. } => CommandError::refused("exec/no-program", message)
            .hint("the image of this release lacks it; it is the vendor's, and ce-aws adds nothing to it"),
        TransferError::Local(error) => CommandError::usage("usage/unwritable", format!("{error}; {state}")),
        TransferError::Failed { .. } | TransferError::TooLarge { .. } => CommandError::unexpected(message),
        TransferError::Damaged(_) => CommandError::unexpected(message).hint("run it again"),
    }
}
