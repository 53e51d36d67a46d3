CREATE TABLE "orders" (
	"id" bigint PRIMARY KEY NOT NULL
);
