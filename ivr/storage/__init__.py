"""PostgreSQL: the embedded server, the engine, the tables, the migrations, the job queue's door."""
