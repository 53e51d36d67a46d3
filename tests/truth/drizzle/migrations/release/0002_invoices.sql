CREATE TABLE "invoices" (
	"id" bigint PRIMARY KEY NOT NULL
);
