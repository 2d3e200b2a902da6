"""The project: settings, and the base that the apps stand on (API, jobs, imports)."""

__version__ = "0.1.0"
