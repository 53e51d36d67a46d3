"""All drivers by the name of their data: the tool's, for most."""

from record.alembic import Alembic
from record.atlas import Atlas
from record.dbmate import Dbmate
from record.diesel import Diesel
from record.django import Django
from record.drizzle import Drizzle, Drizzle1
from record.flyway import Flyway
from record.golang_migrate import GolangMigrate
from record.goose import Goose
from record.knex import Knex
from record.liquibase import Liquibase
from record.mikro_orm import MikroOrm
from record.node_pg_migrate import NodePgMigrate
from record.prisma import Prisma
from record.rails import Rails
from record.refinery import Refinery
from record.sequelize import Sequelize
from record.sqitch import Sqitch
from record.sqlx import Sqlx
from record.typeorm import Typeorm
from record.yoyo import Yoyo

DRIVERS = {driver.label(): driver for driver in (
    Alembic, Atlas, Dbmate, Diesel, Django, Drizzle, Drizzle1, Flyway, GolangMigrate, Goose, Knex,
    Liquibase, MikroOrm, NodePgMigrate, Prisma, Rails, Refinery, Sequelize, Sqitch, Sqlx, Typeorm, Yoyo)}
