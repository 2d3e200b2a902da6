"""Models of the base app, kept in the rooms that use them."""

from elastix.alerts.models import Alert, AlertDelivery
from elastix.api.models import AccessVersion, KeptAnswer
from elastix.audit.models import AuditEntry
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch, ImportReject, UploadChunk
from elastix.jobs.models import Job, ScheduleRun
from elastix.tokens.models import ApiToken

__all__ = [
    "AccessVersion",
    "Alert",
    "AlertDelivery",
    "ApiToken",
    "AuditEntry",
    "DataVersion",
    "ImportBatch",
    "ImportReject",
    "Job",
    "KeptAnswer",
    "ScheduleRun",
    "UploadChunk",
]
