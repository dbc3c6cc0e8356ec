"""Gunicorn's settings: threads that mostly wait, more of them than there are users at the peak."""

from django.conf import settings

bind = (
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
)
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
keepalive = 5
timeout = 30
graceful_timeout = 5
accesslog = None
errorlog = "-"
loglevel = settings.LOG_LEVEL.lower()
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
