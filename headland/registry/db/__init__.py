"""Registry database: tables, migrations, ids, audit log."""
