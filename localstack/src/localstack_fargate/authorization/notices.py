"""Alarms, topics and rules. Source: the Service Authorization Reference, Amazon CloudWatch, Amazon SNS (Unsubscribe knows
no resource), Amazon EventBridge.
"""

from localstack_fargate.authorization.rule import PLAIN, Table, also, on, passes

_ALARM = "alarm:{AlarmName}"
_DASHBOARD = "arn:{-|partition}:cloudwatch::{-|account}:dashboard/{DashboardName}"

CLOUDWATCH: Table = {
    "GetMetricData": PLAIN,
    "DescribeAlarms": PLAIN,
    "DescribeAlarmHistory": PLAIN,
    "PutMetricAlarm": on(_ALARM) + also("cloudwatch:TagResource", _ALARM, tagged=True, owned=False, given="Tags"),
    "SetAlarmState": on(_ALARM),
    "DeleteAlarms": on("alarm:{AlarmNames}"),
    "EnableAlarmActions": on("alarm:{AlarmNames}"),
    "DisableAlarmActions": on("alarm:{AlarmNames}"),
    "TagResource": on("{ResourceARN}"),
    "UntagResource": on("{ResourceARN}"),
    "ListTagsForResource": on("{ResourceARN}"),
    "GetDashboard": on(_DASHBOARD),
    "PutDashboard": on(_DASHBOARD),
    "DeleteDashboards": on(_DASHBOARD.replace("DashboardName", "DashboardNames")),
    "ListDashboards": PLAIN,
}

_TOPIC = "{TopicArn}"

SNS: Table = {
    "CreateTopic": on("{Name}") + also("sns:TagResource", "{Name}", tagged=True, owned=False, given="Tags"),
    "DeleteTopic": on(_TOPIC),
    "GetTopicAttributes": on(_TOPIC),
    "SetTopicAttributes": on(_TOPIC) + passes("AttributeValue|role_arn", "sns.amazonaws.com"),
    "Subscribe": on(_TOPIC),
    "Unsubscribe": PLAIN,
    "Publish": on(_TOPIC),
    "ListTopics": PLAIN,
    "ListSubscriptionsByTopic": on(_TOPIC),
    "TagResource": on("{ResourceArn}"),
    "UntagResource": on("{ResourceArn}"),
    "ListTagsForResource": on("{ResourceArn}"),
}

_RULE = "rule/{Name}"
_OF_RULE = "rule/{Rule}"

EVENTS: Table = {
    "PutRule": on(_RULE) + also("events:TagResource", _RULE, tagged=True, owned=False, given="Tags"),
    "DescribeRule": on(_RULE),
    "DeleteRule": on(_RULE),
    "PutTargets": on(_OF_RULE),
    "RemoveTargets": on(_OF_RULE),
    "ListTargetsByRule": on(_OF_RULE),
    "ListRules": PLAIN,
    "TagResource": on("{ResourceARN}"),
    "UntagResource": on("{ResourceARN}"),
    "ListTagsForResource": on("{ResourceARN}"),
}
