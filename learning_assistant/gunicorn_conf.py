"""Gunicorn's settings: threads that mostly wait, more of them than there are users at the peak."""

from django.conf import settings

bind = (
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
)
worker_class = "learning_assistant.patient_worker.PatientWorker"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
# Loaded before the socket is there: who asks meanwhile is refused at once and does not wait for it.
preload_app = True
keepalive = 5
timeout = 30
graceful_timeout = 5
# Of a request's first line, of its headers and of each of them; a body's limit is API_BODY_LIMIT.
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
accesslog = None
errorlog = "-"
loglevel = "info" if settings.LOG_LEVEL == "DEBUG" else settings.LOG_LEVEL.lower()
logconfig_dict = settings.LOGGING  # its lines are made as ours are, before Django is set up too
worker_tmp_dir = "/dev/shm"  # by mkstemp  # nosec B108
control_socket_disable = True
