from django.db import migrations, models

KINDS = ["cache_creation_nano", "audio_input_nano", "image_input_nano", "reasoning_nano", "audio_output_nano"]


class Migration(migrations.Migration):

    dependencies = [
        ('serving', '0003_more_providers'),
    ]

    operations = [
        migrations.AddField(
            model_name='priceversion',
            name=kind,
            field=models.PositiveBigIntegerField(blank=True, null=True),
        )
        for kind in KINDS
    ]
