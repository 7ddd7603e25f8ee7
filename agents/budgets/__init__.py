"""Budgets: what a tenant, a cost centre or a task may spend in an hour, a day or a month."""
