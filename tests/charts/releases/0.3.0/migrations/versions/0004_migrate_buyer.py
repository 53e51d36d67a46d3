"""Migrate: every order has a buyer."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE orders SET buyer = customer WHERE buyer IS NULL")
    op.execute("ALTER TABLE orders ALTER COLUMN buyer SET NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN buyer DROP NOT NULL")
