"""By what the database itself refuses to change or delete events."""

# SQLite's INSERT OR REPLACE deletes the row before, and tells no trigger of it.
NO_REPLACEMENT = """
    CREATE TRIGGER events_no_replacement BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """
STATEMENTS = {
    "sqlite": [
        NO_REPLACEMENT,
        *(
            f"""
            CREATE TRIGGER events_no_{action.lower()} BEFORE {action} ON events
            BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
            """
            for action in ("UPDATE", "DELETE")
        ),
    ],
    "postgresql": [
        """
        CREATE FUNCTION survey_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$
        """,
        """
        CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION survey_refuse()
        """,
    ],
}
