import re

from django.db import models

STORED = re.compile(
    r"(?:(?P<resource_type>image|raw|video)/(?P<type>upload|private|authenticated)/)?"
    r"(?:v(?P<version>\d+)/)?(?P<public_id>.*?)(\.(?P<format>[^.]+))?$"
)


class CloudinaryResource:
    def __init__(self, public_id, version=None, format=None, resource_type=None, type=None):
        self.public_id = public_id
        self.version = version
        self.format = format
        self.resource_type = resource_type or "image"
        self.type = type or "upload"

    def get_prep_value(self):
        version = f"v{self.version}/" if self.version else ""
        ending = f".{self.format}" if self.format else ""
        return f"{self.resource_type}/{self.type}/{version}{self.public_id}{ending}"


class CloudinaryField(models.CharField):
    """Stores and dumps what `cloudinary.models.CloudinaryField` does, and asks nobody."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_length": 255, **kwargs})

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        if not value or isinstance(value, CloudinaryResource):
            return value
        return CloudinaryResource(**STORED.match(value).groupdict())

    def get_prep_value(self, value):
        if not value:
            return None
        return value.get_prep_value() if isinstance(value, CloudinaryResource) else value

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))
