"""Contract: nobody reads or writes the customer any more."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TRIGGER orders_same_buyer ON orders")
    op.execute("DROP FUNCTION orders_same_buyer()")
    op.execute("ALTER TABLE orders DROP COLUMN customer")


def downgrade() -> None:
    raise NotImplementedError("what was dropped does not come back")
