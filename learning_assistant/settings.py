"""The settings of the whole project. Every environment variable is read here, and nowhere else.

`.env.example` lists the same variables with what they do. A value that can't be used stops the
start with a sentence that names its variable.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured

from learning_assistant import logs
from learning_assistant.admin_login import FAILURES, LOCKED_FOR, url_path
from learning_assistant.client_address import header_name, networks
from learning_assistant.embedded import services as embedded
from learning_assistant.headers import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from learning_assistant.rates import rate

django_stubs_ext.monkeypatch()  # lets `admin.ModelAdmin[Resource]` stand in code that runs

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


# Never shown: what stands in them may hold a password.
SECRET = frozenset(
    {"DATABASE_URL", "OLLAMA_HOST", "OTEL_EXPORTER_OTLP_ENDPOINT", "REDIS_URL", "SECRET_KEY"}
)


def read(name: str, cast: Callable[[str], T], default: T) -> T:
    """The environment variable *name* through *cast*; *default* where it is unset or empty."""
    raw = env.str(name, default="")
    if raw == "":
        return default
    try:
        return cast(raw)
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        shown = "…" if name in SECRET else repr(raw)
        raise ImproperlyConfigured(f"{name}={shown} can't be used: {error}") from None


def boolean(raw: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if raw.lower() not in words:
        raise ValueError("say true or false")
    return words[raw.lower()]


def between(low: float, high: float, kind: type[T]) -> Callable[[str], T]:
    """A cast to *kind* (int or float) that refuses what is not in low..high."""

    def cast(raw: str) -> T:
        sentence = f"it must be {'a whole number' if kind is int else 'a number'}"
        try:
            number: Any = kind(raw)  # type: ignore[call-arg]  # int and float both take a string
        except ValueError as error:
            raise ValueError(sentence) from error
        if not low <= number <= high:
            raise ValueError(f"{sentence} from {low} to {high}")
        return number  # type: ignore[no-any-return]

    return cast


def one_of(*allowed: str) -> Callable[[str], str]:
    def cast(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"say one of {', '.join(allowed)}")
        return raw

    return cast


def words(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def url(*schemes: str) -> Callable[[str], str]:
    def cast(raw: str) -> str:
        if not raw.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"it must begin with {' or '.join(f'{s}://' for s in schemes)}")
        return raw

    return cast


# --- Every variable -------------------------------------------------------------------------
DATA_DIR = read("DATA_DIR", lambda raw: Path(raw).expanduser().absolute(), BASE_DIR / ".data")
HOST = read("HOST", str, "127.0.0.1")
PORT = read("PORT", between(1, 65535, int), 8000)
DEBUG = read("DEBUG", boolean, False)
SECRET_KEY = read("SECRET_KEY", str, "")
ALLOWED_HOSTS = read("ALLOWED_HOSTS", words, ["localhost", "127.0.0.1", "[::1]"])
_NONE: list[str] = []
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS", words, _NONE)
HTTPS = read("HTTPS", boolean, False)
TRUSTED_PROXIES = read("TRUSTED_PROXIES", networks, _NONE)
CLIENT_ADDRESS_HEADER = read("CLIENT_ADDRESS_HEADER", header_name, "X-Forwarded-For")
CORS_ALLOWED_ORIGINS = read("CORS_ALLOWED_ORIGINS", words, _NONE)
ADMIN_PATH = read("ADMIN_PATH", url_path, "admin/")
WEBSITE_KEY_REQUIRED = read("WEBSITE_KEY_REQUIRED", boolean, False)
THROTTLE_SESSION = read("THROTTLE_SESSION", rate, "300/m")
THROTTLE_ADDRESS = read("THROTTLE_ADDRESS", rate, "600/m")
THROTTLE_KEY = read("THROTTLE_KEY", rate, "3000/m")
LOG_FORMAT = read("LOG_FORMAT", one_of(*logs.RENDERERS), "plain")
LOG_LEVEL = read("LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
OTEL_EXPORTER_OTLP_ENDPOINT = read("OTEL_EXPORTER_OTLP_ENDPOINT", url("http", "https"), "")
DATABASE_URL = read("DATABASE_URL", url("postgres", "postgresql"), "")
REDIS_URL = read("REDIS_URL", url("redis", "rediss", "unix"), "")
OLLAMA_HOST = read("OLLAMA_HOST", url("http", "https", "unix"), "")
CHAT_MODEL = read("CHAT_MODEL", str, "smollm2:135m")
EMBED_MODEL = read("EMBED_MODEL", str, "all-minilm")
EMBED_QUERY_PREFIX = read("EMBED_QUERY_PREFIX", str, "")
EMBED_PASSAGE_PREFIX = read("EMBED_PASSAGE_PREFIX", str, "")
MODEL_KEEP_ALIVE = read("MODEL_KEEP_ALIVE", str, "24h")
MODEL_SLOTS = read("MODEL_SLOTS", between(0, 1000, int), 1)
DEADLINE_S = read("DEADLINE_S", between(0.2, 30, float), 1.7)
FALLBACK_AFTER_S = read("FALLBACK_AFTER_S", between(0.05, 10, float), 0.6)
WEB_THREADS = read("WEB_THREADS", between(1, 500, int), 12)
WEB_WORKERS = read("WEB_WORKERS", between(1, 64, int), 2)
INTERACTIVE_CONCURRENCY = read("INTERACTIVE_CONCURRENCY", between(1, 200, int), 12)
CODE_SANDBOX = read("CODE_SANDBOX", one_of("auto", "monty", "fenced", "off"), "auto")
EXERCISE_POOL_TARGET = read("EXERCISE_POOL_TARGET", between(0, 1000, int), 2)

# --- The services: those named by a variable, the embedded ones otherwise --------------------
_embedded = embedded.endpoints(DATA_DIR)
EMBEDDED_SERVICES = [
    service
    for service, setting in (
        (embedded.Service.POSTGRES, DATABASE_URL),
        (embedded.Service.VALKEY, REDIS_URL),
        (embedded.Service.INFERENCE, OLLAMA_HOST),
    )
    if not setting
]
REDIS_URL = REDIS_URL or _embedded.redis_url
OLLAMA_HOST = OLLAMA_HOST or _embedded.ollama_host


def _database() -> dict[str, Any]:
    if not DATABASE_URL:
        return dict(_embedded.database)
    config: dict[str, Any] = read("DATABASE_URL", env.db_url_config, {})
    config.pop("ENGINE", None)
    return config


# Persistent connections with a health check come back by themselves after an outage; a pool
# waits with growing pauses (psycopg's took 26 s).
DATABASES = {
    "default": {
        **_database(),
        "ENGINE": "learning_assistant.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 2)
DATABASES["default"]["OPTIONS"].setdefault("application_name", "learning-assistant")
_SERVER_SETTINGS = {
    # A query whose client gave up (postgresql/base.py) ends in the server too.
    "client_connection_check_interval": 500,
    # One search is a few milliseconds of one core: starting helpers, or compiling, costs more.
    "max_parallel_workers_per_gather": 0,
    "jit": "off",
    # A search of the graph goes on until it has its rows, 100 at a time: asked for the 200 of a leg
    # at once it takes longer and finds no more of what is shown.
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.ef_search": 100,
    "hnsw.max_scan_tuples": 2_000_000,
    "hnsw.scan_mem_multiplier": 8,
}
DATABASES["default"]["OPTIONS"]["options"] = " ".join(
    [f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items()]
    + [DATABASES["default"]["OPTIONS"].get("options", "")]
).strip()

# --- Django ----------------------------------------------------------------------------------
SECRET_KEY = SECRET_KEY or embedded.secret(DATA_DIR, "django-secret-key")
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "corsheaders",
    "csp",
    "rest_framework",
    "rest_framework_api_key",  # its own model stays empty; ours is learning_assistant.models.ApiKey
    "drf_spectacular",
    "learning_assistant.apps.LearningAssistantConfig",
    "sessions.apps.SessionsConfig",
    "resources.apps.ResourcesConfig",
    "exercises.apps.ExercisesConfig",
]
MIDDLEWARE = [
    "learning_assistant.access.observed",  # outside all others: it sees what they answer too
    "django.middleware.security.SecurityMiddleware",
    "learning_assistant.middleware.permissions_policy",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "learning_assistant.middleware.bounded_body",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "learning_assistant.urls"
WSGI_APPLICATION = "learning_assistant.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # refuses, and lets the next one decide
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = FAILURES
AXES_COOLOFF_TIME = LOCKED_FOR
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "learning_assistant.admin_login.locked_out"
AXES_CLIENT_IP_CALLABLE = "learning_assistant.client_address.of_login"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STARTER_CATALOGUE = BASE_DIR / "resources" / "catalogue"
EXERCISE_BANK = BASE_DIR / "exercises" / "bank"
STATIC_URL = "static/"
# Static files are served from the packages they come in: no collect step, nothing to go stale.
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # the admin's forms; the API has a limit of its own

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
DEFAULT_EXCEPTION_REPORTER_FILTER = "learning_assistant.hiding.ErrorPageFilter"
CORS_URLS_REGEX = r"^/api/learning/"
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "x-request-id",
    "x-session-secret",
]  # fmt: skip
CORS_EXPOSE_HEADERS = ["location", "retry-after", "x-request-id"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# On loopback without TLS these four say what HTTPS=true turns on.
SILENCED_SYSTEM_CHECKS = (
    [] if HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]
)

# --- REST ------------------------------------------------------------------------------------
API_BODY_LIMIT = 64 * 1024  # bytes
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_PARSER_CLASSES": ["learning_assistant.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "learning_assistant.parsers.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "learning_assistant.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Learning Assistant",
    "DESCRIPTION": (
        "Curated AI/ML resources for what a learner wants to know, each with a reason.\n\n"
        "Each answer has an `X-Request-ID`: the request's own where it is 8 to 64 letters,\n"
        "digits, `.`, `_` or `-`, else a new one. Name it to whoever runs the service: with it\n"
        "the log lines are found."
    ),
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/learning",
    "PREPROCESSING_HOOKS": ["learning_assistant.schema.without_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "learning_assistant.schema.finish",
    ],
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": "resources.models.Kind",
        "LevelEnum": "resources.models.Level",
        "ExerciseTypeEnum": "exercises.models.ExerciseType",
        "ExerciseSourceEnum": "exercises.models.Source",
        "RelaxedEnum": ["level", "kind", "topic"],
        "ExerciseRelaxedEnum": ["resource_id", "topic", "level"],
        "VerdictEnum": ["passed", "partly", "failed", "ungraded"],
        "PendingEnum": ["pending"],
        "ReasonSourceEnum": ["model", "curator", "match"],
        "PassageSourceEnum": ["passage"],
        "DegradedReasonsEnum": ["embedding", "model", "queue", "catalogue"],
        "SearchDegradedReasonsEnum": ["embedding", "queue", "catalogue"],
    },
}

# --- Celery: two lanes (learning_assistant/lanes.py) -----------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "durable"
CELERY_TASK_ROUTES = {
    "resources.tasks.suggest": {"queue": "interactive"},
    "resources.tasks.search": {"queue": "interactive"},
    "exercises.tasks.grade_attempt": {"queue": "interactive"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
# Celery closes a task's database connection after each task unless told how often to reuse it;
# ours are checked before each task instead (task.py).
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_BEAT_SCHEDULE = {
    # Whatever a lost message left undone: the truth is in PostgreSQL.
    "index what lags": {"task": "resources.tasks.index_lagging", "schedule": 60.0},
    "examine the judge of short answers": {
        "task": "exercises.tasks.examine_judge",
        "schedule": 600.0,
    },
    "fill the pool of exercises": {"task": "exercises.tasks.fill_pool", "schedule": 300.0},
    "grade what is pending": {"task": "exercises.tasks.grade_pending", "schedule": 15.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat-schedule")

LOGGING_CONFIG = "learning_assistant.logs.configure"
_SECRETS = [SECRET_KEY, str(DATABASES["default"].get("PASSWORD") or "")]
LOGGING = logs.config(
    LOG_FORMAT,
    LOG_LEVEL,
    secrets=[*_SECRETS, *logs.passwords_of(REDIS_URL, OLLAMA_HOST, OTEL_EXPORTER_OTLP_ENDPOINT)],
    telling=DEBUG,
)
