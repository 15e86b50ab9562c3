//! Why there is no tunnel, and what to do about it.

use crate::aws::exec::error::ExecError;
use crate::aws::tunnel::error::TunnelError;
use crate::cli::place::{NO_KEY, NOT_CONNECTED};
use crate::engine::failure::{Cause, Failure};
use crate::session::CommandError;

const POLICY: &str = "`ce-aws policy --for open` prints the permissions that this needs";
const FORBIDDEN: &str = "many companies deny ssm:StartSession on ECS tasks, as AWS recommends for those who may only \
                         use ECS Exec: then the tunnel is not possible, and `ce-aws exec` still is";

pub fn explained(error: TunnelError) -> CommandError {
    let message = error.to_string();
    let (cause, hint) = match error {
        TunnelError::Refused(failure) => return with_hints(failure).into(),
        TunnelError::Channel(ExecError::Forbidden { .. } | ExecError::Unsigned { .. }) => (Cause::Denied, POLICY),
        TunnelError::Channel(ExecError::Unreachable { .. }) => {
            (Cause::Unavailable, "the connection goes straight to ssmmessages in the region, without a proxy")
        }
        TunnelError::Channel(ExecError::OldAgent(_)) => {
            (Cause::Refused, "a new task brings a newer agent: `ce-aws stop`, then `ce-aws start`")
        }
        TunnelError::Channel(ExecError::NoKey(failure)) => return failure.hint(NO_KEY).into(),
        TunnelError::Local(_) => (Cause::Unavailable, "run it again"),
        TunnelError::Channel(_) | TunnelError::Broken(_) => {
            (Cause::Unavailable, "run it again; `ce-aws exec` shows whether sessions work at all")
        }
    };
    Failure::of(cause, message).hint(hint).into()
}

fn with_hints(failure: Failure) -> Failure {
    match failure.cause {
        Cause::Denied => failure.hint(POLICY).hint(FORBIDDEN),
        _ if failure.code == "TargetNotConnected" => failure.hint(NOT_CONNECTED),
        _ => failure,
    }
}

/// Whether it may be different in some seconds: the task is being replaced, or the network is away.
pub fn may_pass(error: &CommandError) -> bool {
    const CODES: [&str; 4] = ["exec/no-task", "exec/several-tasks", "exec/container-stopped", "exec/no-agent"];
    let code = error.code();
    CODES.contains(&code)
        || [Cause::Throttled, Cause::Unavailable, Cause::NotYetVisible, Cause::Gone]
            .iter()
            .any(|one| one.code() == code)
        || error.message().contains("TargetNotConnected")
}
