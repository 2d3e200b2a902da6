"""What the forms of the desk share."""

from django.core.exceptions import ValidationError
from django.forms import Form

from elastix.desk.tags import said


def show_refusals(form: Form, error: ValidationError) -> None:
    """Show what a service refused beside the fields that it is about, the rest above the form."""
    for name, texts in error.message_dict.items():
        for each in texts:
            form.add_error(name if name in form.fields else None, said(each))
