from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_users")]

    operations = [
        migrations.CreateModel(
            name="Orders",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "orders"},
        ),
    ]
