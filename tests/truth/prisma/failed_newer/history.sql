CREATE TABLE public._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);

INSERT INTO public._prisma_migrations ("id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count") VALUES ('00000000-0000-0000-0000-000000000001', '3456c330330e5584db1ea42d855fe843569a61c7c200bd34b52f8f9c03b28f0d', '2026-01-01 00:00:00', '20260101090000_users', NULL, NULL, '2026-01-01 00:00:00', '1');
INSERT INTO public._prisma_migrations ("id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count") VALUES ('00000000-0000-0000-0000-000000000002', 'fb3b85fc509f2a83daf8e8e481cd833e6ca8848b96fcaa714fa06eb08f167fd7', '2026-01-01 00:01:00', '20260201090000_orders', NULL, NULL, '2026-01-01 00:01:00', '1');
INSERT INTO public._prisma_migrations ("id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count") VALUES ('00000000-0000-0000-0000-000000000003', '1746b1c6e09cfcba68d1912f2547d3b7f3d56ef93286525dbf33d5d68f49da8e', '2026-01-01 00:02:00', '20260301090000_invoices', NULL, NULL, '2026-01-01 00:02:00', '1');
INSERT INTO public._prisma_migrations ("id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count") VALUES ('00000000-0000-0000-0000-000000000004', '4215b75229c64ca5d8cbdb796dd3a366f5a56e7aab7da39018333693777cfe38', NULL, '20260401090000_refunds', 'external connector error', NULL, '2026-01-01 00:03:00', '0');
