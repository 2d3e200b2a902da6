from django.conf import settings
from django.db import models

from elastix.background import JOBS
from elastix.fields import choice_check, length_check, uuid7


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of imports: those that the table of jobs has a job for."""
    kinds = [name.removeprefix("import_") for name in JOBS if name.startswith("import_")]
    return [(kind, kind.replace("_", " ").title()) for kind in kinds]


class ImportStatus(models.TextChoices):
    QUEUED = "queued"
    READING = "reading"
    PUBLISHED = "published"
    CHECKED = "checked"  # a dry run: read and checked, nothing kept
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class ImportBatch(models.Model):
    """The import of one file: what was read, what was rejected and why, and whether its rows are in use.

    Nothing of a batch is visible before it is published; reverting it removes its transactions again.
    accepted + rejected = rows, always.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=kind_choices)
    status = models.CharField(max_length=10, choices=ImportStatus, default=ImportStatus.QUEUED)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, db_index=True)
    options = models.JSONField(
        default=dict, blank=True, help_text="How to read it: mapping, encoding, day_first."
    )
    dry_run = models.BooleanField(default=False)
    job = models.ForeignKey("elastix.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict, blank=True, help_text="Rejected rows by reason.")
    report = models.JSONField(default=dict, blank=True, help_text="How the file was read.")
    quality = models.JSONField(default=dict, blank=True, help_text="Lines left out of estimation, by reason.")
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "import batches"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rows=models.F("accepted") + models.F("rejected")),
                name="elastix_importbatch_every_row_counted",
            ),
            length_check("kind", 20, "elastix_importbatch"),
            choice_check("status", ImportStatus, "elastix_importbatch"),
            length_check("file_name", 255, "elastix_importbatch"),
            length_check("sha256", 64, "elastix_importbatch"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.status})"

    @property
    def is_open(self) -> bool:
        return self.status in (ImportStatus.QUEUED, ImportStatus.READING)


class UploadChunk(models.Model):
    """A piece of an uploaded file, kept in the database so that any worker on any host can read it."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ("batch", "number")
        constraints = [models.UniqueConstraint(fields=("batch", "number"), name="elastix_uploadchunk_once")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"


class ImportReject(models.Model):
    """A rejected row: its line in the file, why, and what it said."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rejects")
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=40)
    message = models.TextField()
    content = models.JSONField(default=list)

    class Meta:
        ordering = ("batch", "line", "id")
        indexes = [models.Index(fields=("batch", "line"), name="elastix_reject_batch_line")]
        constraints = [length_check("reason", 40, "elastix_importreject")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"
