"""One set of settings for every machine, driven by the environment; see docs/configuration.md."""

from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from flywheel.settings import env

ROOT = Path(__file__).resolve().parents[3]

# --- Identity and secrets -------------------------------------------------------------------------------------
DEBUG = env.flag("FLYWHEEL_DEBUG")
SECRET_KEY = env.text("FLYWHEEL_SECRET_KEY")
# Fernet keys, newest first: the first encrypts provider credentials, all decrypt them.
ENCRYPTION_KEYS = env.text("FLYWHEEL_ENCRYPTION_KEYS").split()
PUBLIC_URL = env.text("FLYWHEEL_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("FLYWHEEL_ALLOWED_HOSTS", "127.0.0.1 localhost [::1]")
CSRF_TRUSTED_ORIGINS = env.words("FLYWHEEL_TRUSTED_ORIGINS", PUBLIC_URL)

# --- Where things lie -----------------------------------------------------------------------------------------
DATA_DIR = Path(env.text("FLYWHEEL_DATA_DIR", str(ROOT / ".flywheel")))
SPOOL_DIR = Path(env.text("FLYWHEEL_SPOOL_DIR", str(DATA_DIR / "spool")))
# Work folders of running jobs; they may be lost, what counts goes to the artifacts.
JOBS_DIR = Path(env.text("FLYWHEEL_JOBS_DIR", str(DATA_DIR / "jobs")))
ARTIFACTS_DIR = Path(env.text("FLYWHEEL_ARTIFACTS_DIR", str(DATA_DIR / "artifacts")))
# Adapters as the local engine loads them: it has to see the same folder.
ADAPTERS_DIR = Path(env.text("FLYWHEEL_ADAPTERS_DIR", str(DATA_DIR / "adapters")))

# --- Postgres and Redis ---------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {"default": env.database(DATABASE_URL)}
# Under ASGI every request has a thread of its own: a connection that outlived it would never be used again.
DATABASES["default"]["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
CACHE_URL = env.text("CACHE_URL", REDIS_URL)
# A connection that broke while it was idle is replaced; a server that doesn't answer isn't asked twice.
LIMITS_RETRY = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL},
    # Counters that may not be evicted. Without Redis they count nothing, so don't wait for it either.
    "limits": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "limits",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": LIMITS_RETRY},
    },
}

# --- Local engine ---------------------------------------------------------------------------------------------
ENGINE_URL = env.text("FLYWHEEL_ENGINE_URL", "")
ENGINE_TOKEN = env.text("FLYWHEEL_ENGINE_TOKEN", "")

# --- Gateway --------------------------------------------------------------------------------------------------
# The part of what is left of a limit that one gateway process may hold; 0: each request is checked in Redis.
LIMITS_LEASE_SHARE = float(env.text("FLYWHEEL_LIMITS_LEASE_SHARE", "0.05"))
LIMITS_TIMEOUT_MS = float(env.text("FLYWHEEL_LIMITS_TIMEOUT_MS", "100"))
GATEWAY_MAX_OPEN = int(env.text("FLYWHEEL_GATEWAY_MAX_OPEN", "2000"))
GATEWAY_MAX_BODY_BYTES = int(env.text("FLYWHEEL_GATEWAY_MAX_BODY_BYTES", str(20 * 1024 * 1024)))

# --- Pages and API --------------------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = int(env.text("FLYWHEEL_PAGES_MAX_BODY_BYTES", str(5 * 1024 * 1024 // 2)))

DATASET_MAX_BODY_BYTES = int(env.text("FLYWHEEL_DATASET_MAX_BODY_BYTES", str(64 * 1024 * 1024)))

# --- Apps and requests ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "template_partials",
    "ninja",
    "apps.accounts",
    "apps.compute",
    "apps.datasets",
    "apps.serving",
    "apps.tracing",
    "apps.billing",
    "apps.limits",
    "apps.caching",
    "apps.gateway",
    "apps.feedback",
    "apps.annotation",
    "apps.evaluation",
    "apps.finetuning",
    "apps.pipelines",
    "apps.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.feedback.cors.feedback_cors",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.console.middleware.vary_on_htmx",
    "apps.accounts.middleware.TrackSessionMiddleware",
]
ROOT_URLCONF = "flywheel.urls"
ASGI_APPLICATION = "flywheel.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.context.rail",
            ],
        },
    },
]

# --- People ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Security -------------------------------------------------------------------------------------------------
BEHIND_TLS = env.flag("FLYWHEEL_BEHIND_TLS", PUBLIC_URL.startswith("https://"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_ENGINE = "flywheel.sessions"
SESSION_COOKIE_NAME = "flywheel_session"
CSRF_COOKIE_NAME = "flywheel_csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = False  # The proxy that ends TLS redirects; the gateway shares this port on loopback.
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Files of the pages ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Where `collectstatic` gathered the files (images do that); without it they are served from where they lie.
STATIC_ROOT = env.text("FLYWHEEL_STATIC_ROOT", "") or None
PLOTLY_FILES = Path(str(find_spec("plotly").origin)).parent / "package_data"  # type: ignore[union-attr]
STATICFILES_DIRS = [ROOT / "static", ("plotly", PLOTLY_FILES)]
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if STATIC_ROOT is None
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
    "artifacts": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ARTIFACTS_DIR, "base_url": None},
    },
}
WHITENOISE_AUTOREFRESH = DEBUG

# --- Time and language ----------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

# --- Celery ---------------------------------------------------------------------------------------------------
# On unix sockets kombu reads the database from `virtual_host`, redis-py from `db`.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_keepalive": True, "health_check_interval": 25}
CELERY_TIMEZONE = "UTC"

# --- Jobs on pools --------------------------------------------------------------------------------------------
# An attempt is lost when its worker has not renewed the lease for this long.
JOB_LEASE_SECONDS = float(env.text("FLYWHEEL_JOB_LEASE_SECONDS", "60"))
JOB_HEARTBEAT_SECONDS = float(env.text("FLYWHEEL_JOB_HEARTBEAT_SECONDS", "5"))
# How long a job may take to save its state when it is told to stop.
JOB_GRACE_SECONDS = float(env.text("FLYWHEEL_JOB_GRACE_SECONDS", "60"))

# --- Logging --------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("FLYWHEEL_LOG_LEVEL", "INFO")},
}
