from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_invoices")]

    operations = [
        migrations.CreateModel(
            name="Refunds",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "refunds"},
        ),
    ]
