"""The desk: code that its pages share. The pages are in the apps they belong to (`pages.py`, `templates/desk`)."""
