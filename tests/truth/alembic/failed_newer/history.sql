CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

INSERT INTO public.alembic_version ("version_num") VALUES ('3c2e8d5a7b03');
