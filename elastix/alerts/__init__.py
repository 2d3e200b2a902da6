"""Alerts: problems that need attention; raised by data checks and repricing, open until the cause has gone."""
