"""Alerts: what somebody should look at; raised by data checks and repricing, kept until the cause has gone."""
