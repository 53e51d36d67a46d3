from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_orders")]

    operations = [
        migrations.CreateModel(
            name="Coupons",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "coupons"},
        ),
    ]
