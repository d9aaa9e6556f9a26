"""Alembic's environment: it runs on the connection that `ivr.storage.migrate` gives it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
