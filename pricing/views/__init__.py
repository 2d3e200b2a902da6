"""Endpoints of this app, one module per resource."""
