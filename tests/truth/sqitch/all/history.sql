CREATE SCHEMA sqitch;

CREATE TABLE sqitch.changes (
    change_id text NOT NULL,
    script_hash text,
    change text NOT NULL,
    project text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL
);

CREATE TABLE sqitch.dependencies (
    change_id text NOT NULL,
    type text NOT NULL,
    dependency text NOT NULL,
    dependency_id text,
    CONSTRAINT dependencies_check CHECK ((((type = 'require'::text) AND (dependency_id IS NOT NULL)) OR ((type = 'conflict'::text) AND (dependency_id IS NULL))))
);

CREATE TABLE sqitch.events (
    event text NOT NULL,
    change_id text NOT NULL,
    change text NOT NULL,
    project text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    requires text[] DEFAULT '{}'::text[] NOT NULL,
    conflicts text[] DEFAULT '{}'::text[] NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL,
    CONSTRAINT events_event_check CHECK ((event = ANY (ARRAY['deploy'::text, 'revert'::text, 'fail'::text, 'merge'::text])))
);

CREATE TABLE sqitch.projects (
    project text NOT NULL,
    uri text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    creator_name text NOT NULL,
    creator_email text NOT NULL
);

CREATE TABLE sqitch.releases (
    version real NOT NULL,
    installed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    installer_name text NOT NULL,
    installer_email text NOT NULL
);

CREATE TABLE sqitch.tags (
    tag_id text NOT NULL,
    tag text NOT NULL,
    project text NOT NULL,
    change_id text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL
);

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_project_script_hash_key UNIQUE (project, script_hash);

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_pkey PRIMARY KEY (change_id, dependency);

ALTER TABLE ONLY sqitch.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (change_id, committed_at);

ALTER TABLE ONLY sqitch.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (project);

ALTER TABLE ONLY sqitch.projects
    ADD CONSTRAINT projects_uri_key UNIQUE (uri);

ALTER TABLE ONLY sqitch.releases
    ADD CONSTRAINT releases_pkey PRIMARY KEY (version);

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (tag_id);

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_project_tag_key UNIQUE (project, tag);

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_change_id_fkey FOREIGN KEY (change_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_dependency_id_fkey FOREIGN KEY (dependency_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE;

ALTER TABLE ONLY sqitch.events
    ADD CONSTRAINT events_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_change_id_fkey FOREIGN KEY (change_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE;

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

INSERT INTO sqitch.releases ("version", "installed_at", "installer_name", "installer_email") VALUES ('1.1', '2026-01-01 00:00:00', 'Amy', 'amy@example.com');

INSERT INTO sqitch.projects ("project", "uri", "created_at", "creator_name", "creator_email") VALUES ('shop', 'https://example.com/shop', '2026-01-01 00:00:00', 'Amy', 'amy@example.com');

INSERT INTO sqitch.changes ("change_id", "script_hash", "change", "project", "note", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('59a21f87aec30ce992d3d9f0dd8abfc688654079', 'd24b5cc4b97c310eca3004dde64c8ba545688b7b', 'users', 'shop', 'Adds users.', '2026-01-01 00:00:00', 'Amy', 'amy@example.com', '2026-01-01 09:00:00+00', 'Amy', 'amy@example.com');
INSERT INTO sqitch.changes ("change_id", "script_hash", "change", "project", "note", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('70b9eccc8366e4a3896c43640c29113d375a47d0', '500798d5f0f27e0118baace31c4d44abe69843b4', 'orders', 'shop', 'Adds orders.', '2026-01-01 00:01:00', 'Amy', 'amy@example.com', '2026-02-01 09:00:00+00', 'Amy', 'amy@example.com');
INSERT INTO sqitch.changes ("change_id", "script_hash", "change", "project", "note", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('6e293e9e0eaff03a257ada9fb1e29d399b6b0c83', '2738a03b07bb6104bb0d1289ab561bbd21234fd3', 'invoices', 'shop', 'Adds invoices.', '2026-01-01 00:02:00', 'Amy', 'amy@example.com', '2026-03-01 09:00:00+00', 'Amy', 'amy@example.com');

INSERT INTO sqitch.dependencies ("change_id", "type", "dependency", "dependency_id") VALUES ('6e293e9e0eaff03a257ada9fb1e29d399b6b0c83', 'require', 'orders', '70b9eccc8366e4a3896c43640c29113d375a47d0');
INSERT INTO sqitch.dependencies ("change_id", "type", "dependency", "dependency_id") VALUES ('70b9eccc8366e4a3896c43640c29113d375a47d0', 'require', 'users', '59a21f87aec30ce992d3d9f0dd8abfc688654079');

INSERT INTO sqitch.events ("event", "change_id", "change", "project", "note", "requires", "conflicts", "tags", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('deploy', '59a21f87aec30ce992d3d9f0dd8abfc688654079', 'users', 'shop', 'Adds users.', '{}', '{}', '{}', '2026-01-01 00:00:00', 'Amy', 'amy@example.com', '2026-01-01 09:00:00+00', 'Amy', 'amy@example.com');
INSERT INTO sqitch.events ("event", "change_id", "change", "project", "note", "requires", "conflicts", "tags", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('deploy', '70b9eccc8366e4a3896c43640c29113d375a47d0', 'orders', 'shop', 'Adds orders.', '{users}', '{}', '{}', '2026-01-01 00:01:00', 'Amy', 'amy@example.com', '2026-02-01 09:00:00+00', 'Amy', 'amy@example.com');
INSERT INTO sqitch.events ("event", "change_id", "change", "project", "note", "requires", "conflicts", "tags", "committed_at", "committer_name", "committer_email", "planned_at", "planner_name", "planner_email") VALUES ('deploy', '6e293e9e0eaff03a257ada9fb1e29d399b6b0c83', 'invoices', 'shop', 'Adds invoices.', '{orders}', '{}', '{}', '2026-01-01 00:02:00', 'Amy', 'amy@example.com', '2026-03-01 09:00:00+00', 'Amy', 'amy@example.com');
