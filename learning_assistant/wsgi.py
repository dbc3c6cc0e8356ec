"""The web server's entry: `gunicorn learning_assistant.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")

application = get_wsgi_application()
