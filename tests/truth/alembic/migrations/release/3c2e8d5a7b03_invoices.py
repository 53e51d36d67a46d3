"""invoices

Revision ID: 3c2e8d5a7b03
"""
import sqlalchemy as sa
from alembic import op

revision = "3c2e8d5a7b03"
down_revision = "2b1d7e4f6c02"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("invoices")
