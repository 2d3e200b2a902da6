"""The version of the sales data and of the published tables, and the lock under which they change."""
