//! Notices of what AWS reports by events: which, and as which line of text.

use serde_json::{Value, json};

use crate::engine::graph::Handle;
use crate::engine::reference::Need;
use crate::kinds::service::Service;

use super::service::Parts;
use super::stack::Stack;

/// What a rule passes on.
pub struct Notice {
    pub words: &'static str,
    /// Which events.
    pub pattern: Value,
    /// The text, with `<name>` for what is taken from the event.
    pub line: &'static str,
    /// JSON paths by name.
    pub takes: &'static [(&'static str, &'static str)],
}

/// All of them by purpose.
pub fn notices(stack: &Stack<'_>, parts: &Parts<'_>, service: &Handle<Service>) -> [(&'static str, Notice); 4] {
    let stopped = Notice {
        words: "tasks that were not stopped on purpose",
        pattern: json!({
            "source": ["aws.ecs"],
            "detail-type": ["ECS Task State Change"],
            "detail": {
                "clusterArn": [service.output("cluster", Need::Exists)],
                "group": [format!("service:{}", stack.names().stack())],
                "lastStatus": ["STOPPED"],
                "stopCode": [{ "anything-but": "UserInitiated" }],
                "stoppedReason": [{ "anything-but": { "prefix": "Scaling activity initiated by" } }],
            },
        }),
        line: "a task has stopped: <reason> (<code>), <task>",
        takes: &[("reason", "$.detail.stoppedReason"), ("code", "$.detail.stopCode"), ("task", "$.detail.taskArn")],
    };
    let failed = Notice {
        words: "deployments that ECS has given up",
        pattern: json!({
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [service.output("arn", Need::Exists)],
            "detail": { "eventName": ["SERVICE_DEPLOYMENT_FAILED"] },
        }),
        line: "a deployment has failed: <reason>",
        takes: &[("reason", "$.detail.reason")],
    };
    let backup = Notice {
        words: "backups of the file system that failed",
        pattern: json!({
            "source": ["aws.backup"],
            "detail-type": ["Backup Job State Change"],
            "detail": {
                "state": ["FAILED", "ABORTED", "EXPIRED"],
                "resourceArn": [parts.storage.file_system.arn()],
            },
        }),
        line: "a backup of the file system is <state>: <reason>",
        takes: &[("state", "$.detail.state"), ("reason", "$.detail.statusMessage")],
    };
    let retired = Notice {
        words: "tasks that AWS is going to replace for maintenance",
        pattern: json!({
            "source": ["aws.health"],
            "detail-type": ["AWS Health Event"],
            "resources": retiring(stack, service),
            "detail": {
                "service": ["ECS"],
                "eventTypeCode": ["AWS_ECS_TASK_PATCHING_RETIREMENT"],
                "eventRegion": [stack.names().region],
            },
        }),
        line: "AWS replaces the task for maintenance, from <start> on; `ce-aws stop` and `ce-aws start` before then \
               do it at a time of your choice",
        takes: &[("start", "$.detail.startTime")],
    };
    [("task-stopped", stopped), ("deployment-failed", failed), ("backup-failed", backup), ("task-retired", retired)]
}

/// How AWS Health names the service among the affected resources: `<cluster>|<service>` (ECS developer guide, "Task
/// retirement and maintenance for AWS Fargate"; department-of-veterans-affairs/va.gov-team#103806). Its ARN is
/// *unverified*. Tasks that belong to no service are named by their own, and are not ours for long.
fn retiring(stack: &Stack<'_>, service: &Handle<Service>) -> Value {
    let own = stack.names().stack();
    let cluster = stack.plan.existing.cluster.as_ref().map_or(own.as_str(), |cluster| cluster.name());
    json!([format!("{cluster}|{own}"), service.output("arn", Need::Exists)])
}
