"""Expand: orders get a buyer beside the customer. Both are kept the same, whichever is written."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN buyer text")
    op.execute("""
        CREATE FUNCTION orders_same_buyer() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND NEW.buyer IS DISTINCT FROM OLD.buyer THEN
                NEW.customer := NEW.buyer;
            ELSIF TG_OP = 'UPDATE' THEN
                NEW.buyer := NEW.customer;
            ELSE
                NEW.buyer := coalesce(NEW.buyer, NEW.customer);
                NEW.customer := coalesce(NEW.customer, NEW.buyer);
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("CREATE TRIGGER orders_same_buyer BEFORE INSERT OR UPDATE ON orders"
               " FOR EACH ROW EXECUTE FUNCTION orders_same_buyer()")


def downgrade() -> None:
    op.execute("DROP TRIGGER orders_same_buyer ON orders")
    op.execute("DROP FUNCTION orders_same_buyer()")
    op.execute("ALTER TABLE orders DROP COLUMN buyer")
