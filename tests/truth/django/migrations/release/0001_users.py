from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Users",
            fields=[("id", models.BigAutoField(primary_key=True))],
            options={"db_table": "users"},
        ),
    ]
