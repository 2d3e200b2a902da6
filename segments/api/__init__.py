"""Resources of customers and their segments."""
