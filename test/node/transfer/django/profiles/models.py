from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import post_save


class Profile(models.Model):
    owner = models.OneToOneField(User, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    name = models.CharField(max_length=255, blank=True)
    content = models.TextField(blank=True)
    image = models.ImageField(upload_to="images/", default="../default_profile_qdjgyp")

    class Meta:
        ordering = ["-created_at"]


def create_profile(sender, instance, created, **kwargs):
    """As tutorials have it: `loaddata` calls it too."""
    if created:
        Profile.objects.create(owner=instance)


post_save.connect(create_profile, sender=User)
