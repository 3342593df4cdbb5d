-- The projects of the users and what was said in them: the source's two tables, in SQLite's types.
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    username VARCHAR(100) NOT NULL,
    metadata TEXT NOT NULL DEFAULT '{}',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    is_active BOOLEAN NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    UNIQUE (name, username)
);

CREATE TABLE IF NOT EXISTS conversations (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    message_order INTEGER NOT NULL,
    sender VARCHAR(50) NOT NULL CHECK (sender IN ('user', 'assistant')),
    message TEXT NOT NULL,
    timestamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ratings INTEGER CHECK (ratings BETWEEN 1 AND 5),
    metadata TEXT NOT NULL DEFAULT '{}',

    -- The rows of the same question that came before this one.
    parent_intent_validator_id INTEGER,
    parent_plan_builder_id INTEGER,
    parent_plan_confirm_id INTEGER,
    parent_analysis_orchestrator_id INTEGER,
    parent_sql_validator_id INTEGER,
    parent_auto_correction_id INTEGER,
    parent_athena_executor_id INTEGER,
    parent_python_runtime_id INTEGER,
    parent_response_composer_id INTEGER,
    parent_user_feedback_id INTEGER,

    -- Which step of which job says this. A step that is repeated finds its key and adds nothing.
    key TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    module TEXT NOT NULL,

    UNIQUE (project_id, message_order)
);

CREATE INDEX IF NOT EXISTS conversations_job ON conversations (project_id, job);
CREATE INDEX IF NOT EXISTS projects_user ON projects (username, is_active);

CREATE TRIGGER IF NOT EXISTS project_touched AFTER INSERT ON conversations
BEGIN
    UPDATE projects SET updated_at = NEW.timestamp WHERE id = NEW.project_id;
END;
