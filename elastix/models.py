"""Models of the base app, kept in the rooms that use them."""

from elastix.alerts.models import Alert, AlertDelivery
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch, ImportReject, UploadChunk
from elastix.jobs.models import Job, ScheduleRun

__all__ = [
    "Alert",
    "AlertDelivery",
    "DataVersion",
    "ImportBatch",
    "ImportReject",
    "Job",
    "ScheduleRun",
    "UploadChunk",
]
