from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("shop", "0001_users"), ("shop", "0002_orders")]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Users",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "users"},
        ),
        migrations.CreateModel(
            name="Orders",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "orders"},
        ),
    ]
