CREATE TABLE public."SequelizeMeta" (
    name character varying(255) NOT NULL
);

ALTER TABLE ONLY public."SequelizeMeta"
    ADD CONSTRAINT "SequelizeMeta_pkey" PRIMARY KEY (name);

INSERT INTO public."SequelizeMeta" ("name") VALUES ('20260101090000-users.js');
INSERT INTO public."SequelizeMeta" ("name") VALUES ('20260201090000-orders.js');
