from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_orders")]

    operations = [
        migrations.CreateModel(
            name="Invoices",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "invoices"},
        ),
    ]
