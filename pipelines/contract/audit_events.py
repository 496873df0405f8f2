"""The audit trail: traces of CBR in Cloud Trace Service (CTS), ListTraces.

CTS keeps traces for seven days; the warehouse keeps every one that was ever read.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, READ_IN, SCOPE, api

STRING = Type.STRING


def _user(name: str, doc: str, *path: str) -> Column:
    return Column(f"user_{name}", STRING, doc, path=("user", *(path or (name,))))


AUDIT_EVENTS = Table(
    "cbr",
    "audit_events",
    "One row per call that the audit trail ever recorded: who did what, from where, and whether it succeeded.",
    ("scope", "snapshot_id", "trace_id"),
    (
        SCOPE,
        READ_IN,
        api("trace_id", STRING, "ID of the event.", required=True),
        api("trace_name", STRING, "Name of the call, for example deleteBackup. Names differ by region."),
        api("trace_type", STRING, "How the call was made: ApiCall, ConsoleAction or SystemAction."),
        api("trace_rating", STRING, "Rating of the event.", known_values=("normal", "warning", "incident")),
        api("service_type", STRING, "Service that was called."),
        api("resource_type", STRING, "Type of what was changed."),
        api("resource_id", STRING, "ID of what was changed."),
        api("resource_name", STRING, "Name of what was changed."),
        api("time", Type.MILLISECONDS, "When the call was made, in UTC."),
        api("record_time", Type.MILLISECONDS, "When the event was recorded, in UTC."),
        api("code", STRING, "Status of the response. Only 2xx changed anything."),
        api("user", Type.JSON, "Who made the call, as received.", is_open=True),
        _user("id", "ID of the user."),
        _user("name", "Name of the user."),
        _user("domain_id", "ID of the account of the user.", "domain", "id"),
        _user("domain_name", "Name of the account of the user.", "domain", "name"),
        api("source_ip", STRING, "Address that the call came from."),
        api("api_version", STRING, "Version of the API that was called."),
        api("project_id", STRING, "ID of the project."),
        api("request_id", STRING, "ID of the request."),
        api("request", STRING, "Body of the request, as JSON text."),
        api("response", STRING, "Body of the response, as JSON text."),
        api("message", STRING, "Remark on the event."),
        api("location_info", STRING, "Where the request failed."),
        api("endpoint", STRING, "Endpoint of the call."),
        api("resource_url", STRING, "Address of what was changed, in the console."),
        api("tracker_name", STRING, "Tracker that recorded the event."),
        EXTRA,
    ),
)

SHARED_PROJECTS = Table(
    "cbr",
    "shared_projects",
    "One row per project that a call in the audit trail shares a backup with.",
    ("scope", "snapshot_id", "trace_id", "project_id"),
    (
        SCOPE,
        READ_IN,
        Column("trace_id", STRING, "ID of the event.", required=True),
        api("project_id", STRING, "ID of the project.", required=True),
        EXTRA,
    ),
)
