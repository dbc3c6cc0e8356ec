# The product without the embedded services: web, workers and commands are one image.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --create-home --home-dir /app learner
WORKDIR /app
COPY requirements.txt .
RUN pip install --disable-pip-version-check -r requirements.txt
COPY --chown=learner . .
USER learner
EXPOSE 8000
ENV HOST=0.0.0.0 DATA_DIR=/app/.data
CMD ["gunicorn", "learning_assistant.wsgi", "--config", "python:learning_assistant.gunicorn_conf"]
