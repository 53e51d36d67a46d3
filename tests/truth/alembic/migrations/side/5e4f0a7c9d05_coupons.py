"""coupons

Revision ID: 5e4f0a7c9d05
"""
import sqlalchemy as sa
from alembic import op

revision = "5e4f0a7c9d05"
down_revision = "2b1d7e4f6c02"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("coupons", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("coupons")
