"""Models of the base app, kept in the rooms that use them."""

from elastix.api.models import DataVersion
from elastix.imports.models import ImportBatch, ImportReject, UploadChunk
from elastix.jobs.models import Job

__all__ = ["DataVersion", "ImportBatch", "ImportReject", "Job", "UploadChunk"]
