CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

INSERT INTO public._sqlx_migrations ("version", "description", "installed_on", "success", "checksum", "execution_time") VALUES ('20260101090000', 'users', '2026-01-01 00:00:00', 'true', '\xc72d83fd3fa44d3458d479ba249777d97527fde4ccd1e1483878051ba8ee6f15fcf7964f412c5d17e122e4397248e42a', '0');
INSERT INTO public._sqlx_migrations ("version", "description", "installed_on", "success", "checksum", "execution_time") VALUES ('20260201090000', 'orders', '2026-01-01 00:01:00', 'true', '\xd0234f3070e9b351274fd7201f6c91dd16f1aa888cea7958daab53fe7a0a8771a1dd886774b65c3c0e19a47b9ed23e19', '0');
