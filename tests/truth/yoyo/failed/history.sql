CREATE TABLE public._yoyo_migration (
    migration_hash character varying(64) NOT NULL,
    migration_id character varying(255),
    applied_at_utc timestamp without time zone
);

CREATE TABLE public.yoyo_lock (
    locked integer DEFAULT 1 NOT NULL,
    ctime timestamp without time zone,
    pid integer NOT NULL
);

ALTER TABLE ONLY public._yoyo_migration
    ADD CONSTRAINT _yoyo_migration_pkey PRIMARY KEY (migration_hash);

ALTER TABLE ONLY public.yoyo_lock
    ADD CONSTRAINT yoyo_lock_pkey PRIMARY KEY (locked);

INSERT INTO public._yoyo_migration ("migration_hash", "migration_id", "applied_at_utc") VALUES ('e68c29b785890f86d6cda7be4f6d39c858d6a1b8b6cafa0fd08610f5e6d3e388', '20260101_01_users', '2026-01-01 00:00:00');
INSERT INTO public._yoyo_migration ("migration_hash", "migration_id", "applied_at_utc") VALUES ('9da51c408492296d45311955d32e17a58d126f9e82c634da3b41a55a23fe8965', '20260201_01_orders', '2026-01-01 00:01:00');
