from django.contrib.auth.models import User
from django.db import models

FILTERS = (
    "_1977 brannan earlybird hudson inkwell lofi kelvin normal nashville rise toaster valencia walden xpro2"
).split()


class Post(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    title = models.CharField(max_length=255)
    content = models.TextField(blank=True)
    image = models.ImageField(upload_to="images/", default="../default_post_rgq6aq", blank=True)
    image_filter = models.CharField(
        max_length=32, choices=[(name, name) for name in FILTERS], default="normal"
    )

    class Meta:
        ordering = ["-created_at"]
