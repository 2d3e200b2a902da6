"""One settings file; everything that differs between installations comes from the environment (.env.example)."""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from elastix import databases
from elastix.environment import currency_code, cut_points, tax_rate, throttle_rate, time_zone
from elastix.secrets import kept_secret_key, platform_url

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# --- which installation is this ------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOOPBACK_HOSTS)
# Whoever answers to more than loopback serves other machines, and is held to production's rules.
PRODUCTION = any(host not in LOOPBACK_HOSTS for host in ALLOWED_HOSTS)
SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = kept_secret_key(DATA_DIR)
if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG is on while ALLOWED_HOSTS names other machines. Set DEBUG=false.")
    if len(SECRET_KEY) < 50 or "change-me" in SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is the example's or shorter than 50 characters. Make your own."
        )

# --- the shop --------------------------------------------------------------------------------------
SHOP_NAME = env.str("SHOP_NAME", "Our shop")
OWN_SELLER_NAMES = env.list("OWN_SELLER_NAMES", default=[])
SHOP_CURRENCY = currency_code(env.str("SHOP_CURRENCY", "GBP"))
# Whether prices are written with the tax that is owed on them (in percent of the net price); costs never are.
PRICES_INCLUDE_TAX = env.bool("PRICES_INCLUDE_TAX", False)
TAX_RATE = tax_rate("TAX_RATE", env.str("TAX_RATE", "0"))
SHOP_TIME_ZONE = time_zone("SHOP_TIME_ZONE", env.str("SHOP_TIME_ZONE", "UTC"))
# Empty: the list of pricing/sales/core/service_codes.py.
SERVICE_CODE_PATTERNS = env.list("SERVICE_CODE_PATTERNS", default=[])
# What tills and shop systems book sales on that belong to nobody in particular; compared without regard to case.
NOBODY = ["0", "-1", "guest", "anonymous", "unknown", "walk-in", "cash"]
SEGMENT_EXCLUDED_CUSTOMERS = [
    each.strip().casefold() for each in env.list("SEGMENT_EXCLUDED_CUSTOMERS", default=NOBODY)
]
# Days since the last purchase, invoices, money spent. Nothing: the thirds of the shop's customers.
SEGMENT_RECENCY_CUTS = cut_points("SEGMENT_RECENCY_CUTS", env.str("SEGMENT_RECENCY_CUTS", ""))
SEGMENT_FREQUENCY_CUTS = cut_points("SEGMENT_FREQUENCY_CUTS", env.str("SEGMENT_FREQUENCY_CUTS", ""))
SEGMENT_MONETARY_CUTS = cut_points("SEGMENT_MONETARY_CUTS", env.str("SEGMENT_MONETARY_CUTS", ""))

# --- Django ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "elastix.apps.ElastixAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "elastix.apps.ElastixConfig",
    "pricing.apps.PricingConfig",
    "segments.apps.SegmentsConfig",
    "market.apps.MarketConfig",
    "simulations.apps.SimulationsConfig",
]
MIDDLEWARE = [
    "elastix.middleware.RequestLogMiddleware",
    "elastix.middleware.ProblemJsonMiddleware",
    # Headers of all answers, those included that the middleware below them gives by itself.
    "elastix.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    # Inside the headers of all answers, before everything that reads who asks.
    "elastix.api.answer_cache.AnswerCacheMiddleware",
    # Inside the kept answers, which need one query of the primary and nothing of a replica.
    "elastix.replica.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "elastix.urls"
WSGI_APPLICATION = "elastix.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "elastix" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "elastix.desk.shell.shell",
            ],
            "libraries": {"desk": "elastix.desk.tags"},
        },
    }
]

# --- database --------------------------------------------------------------------------------------
DATABASES = {
    "default": databases.primary(
        env.db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'elastix.sqlite3'}"),
        production=PRODUCTION,
        # Connections stay open between requests: opening one costs a millisecond, and on SQLite what it has read.
        conn_max_age=env.int("CONN_MAX_AGE", 60),
    )
}
# Reads of safe requests (elastix/replica.py).
REPLICA_URL = env.str("REPLICA_URL", "")
if REPLICA_URL:
    DATABASES["replica"] = databases.replica(
        env.db_url_config(REPLICA_URL), DATABASES["default"], production=PRODUCTION
    )
    DATABASE_ROUTERS = ["elastix.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- jobs and cache --------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or None
# The cache has a Redis database of its own, so that clearing it never clears the queue.
CACHE_URL = env.str("CACHE_URL", "")
_IN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}}
CACHES = {
    "default": {"BACKEND": "elastix.cache.ForgivingRedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else _IN_MEMORY,
    # How often somebody did something: counted by each process where Redis does not answer.
    "counts": {"BACKEND": "elastix.cache.CountingCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {**_IN_MEMORY, "LOCATION": "counts"},
}
# Who runs jobs: Celery workers, a thread of this process, or (tests) the process that asked.
JOBS_RUN_IN = "celery" if REDIS_URL else "thread"
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 120)
JOB_MAX_ATTEMPTS = 3
# What hangs longer is lost: its lease is not renewed any more, and a worker ends it.
JOB_TIME_LIMIT_SECONDS = 800
REFRESH_EVERY = timedelta(seconds=env.int("REFRESH_EVERY_SECONDS", 3600))
# The nightly run is left out where everything was computed this recently.
FULL_RECOMPUTE_REST = timedelta(hours=12)
RECOMPUTE_SHARD_PRODUCTS = env.int("RECOMPUTE_SHARD_PRODUCTS", 1000)
# A line that is cleaned takes a kilobyte of memory.
RECOMPUTE_SHARD_LINES = env.int("RECOMPUTE_SHARD_LINES", 200_000)
# An upload can be read again (after it was reverted, with other options) for so long.
UPLOADS_KEPT = timedelta(days=env.int("UPLOADS_KEPT_DAYS", 30))
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", 1024 * 1024 * 1024)
# Uploads above a few MB are spooled to disk by Django; this limits other request bodies.
ANSWERS_KEPT_MB = env.int("ANSWERS_KEPT_MB", 16)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("DATA_UPLOAD_MAX_MEMORY_SIZE", 20 * 1024 * 1024)

# --- alerts ------------------------------------------------------------------------------------------
# Who hears of an alert, beside those who look at the list.
ALERT_EMAILS = env.list("ALERT_EMAILS", default=[])
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", "")
ALERT_WEBHOOK_SECRET = env.str("ALERT_WEBHOOK_SECRET", "")
if ALERT_WEBHOOK_URL and not ALERT_WEBHOOK_URL.startswith(("https://", "http://")):
    raise ImproperlyConfigured("ALERT_WEBHOOK_URL must begin with https:// or http://")
if ALERT_WEBHOOK_URL and len(ALERT_WEBHOOK_SECRET) < 16:
    raise ImproperlyConfigured(
        "ALERT_WEBHOOK_URL needs ALERT_WEBHOOK_SECRET, of 16 characters or more, to sign what is sent."
    )
# Hosts that may be posted to although their addresses are not public.
WEBHOOK_ALLOWED_HOSTS = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
globals().update(env.email_url("EMAIL_URL", "consolemail://"))  # EMAIL_HOST and its kin
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "elastix@localhost")
# --- recommendations --------------------------------------------------------------------------------
# Who gets the nightly digest; nothing is sent to nobody.
RECOMMENDATION_EMAILS = env.list("RECOMMENDATION_EMAILS", default=[])
# Grades of elasticities that a price is recommended by without being asked for.
RECOMMENDATION_GRADES = env.list("RECOMMENDATION_GRADES", default=["A", "B", "C"])
if not set(RECOMMENDATION_GRADES) <= set("ABCD"):
    raise ImproperlyConfigured("RECOMMENDATION_GRADES must be letters from A to D with commas between them.")
DATA_STALE_AFTER = timedelta(days=env.int("DATA_STALE_AFTER_DAYS", 7))

# --- connections ----------------------------------------------------------------------------------
# Platforms that orders are pulled from and prices pushed to; one without an address is not used.
WOOCOMMERCE_URL = platform_url("WOOCOMMERCE_URL", env.str("WOOCOMMERCE_URL", ""))
WOOCOMMERCE_KEY = env.str("WOOCOMMERCE_KEY", "")
WOOCOMMERCE_SECRET = env.str("WOOCOMMERCE_SECRET", "")
if WOOCOMMERCE_URL and not (WOOCOMMERCE_KEY and WOOCOMMERCE_SECRET):
    raise ImproperlyConfigured("WOOCOMMERCE_URL needs WOOCOMMERCE_KEY and WOOCOMMERCE_SECRET.")
SHOPIFY_URL = platform_url("SHOPIFY_URL", env.str("SHOPIFY_URL", ""))
SHOPIFY_TOKEN = env.str("SHOPIFY_TOKEN", "")
SHOPIFY_API_VERSION = env.str("SHOPIFY_API_VERSION", "2026-10")
if SHOPIFY_URL and not SHOPIFY_TOKEN:
    raise ImproperlyConfigured("SHOPIFY_URL needs SHOPIFY_TOKEN.")
PULL_ORDERS_EVERY = timedelta(seconds=env.int("PULL_ORDERS_EVERY_SECONDS", 3600))
# Whether the schedule pushes prices; the command does so when it is run.
PUSH_PRICES = env.bool("PUSH_PRICES", False)
# For this many days a price that the ledger has cut counts as a sale beside the price before; 0: never.
SALE_DAYS = env.int("SALE_DAYS", 0)

# --- time and language -----------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
# One catalogue for all apps.
LOCALE_PATHS = [BASE_DIR / "elastix" / "locale"]
TIME_ZONE = "UTC"
# The API and the admin speak English; the desk asks what its reader speaks.
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# A choice of language or theme at the desk is kept for a year.
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- static files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- who may do what -------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "elastix.desk.signed_out.csrf_failed"
# Attempts to log in, from one address and at one account; requests of one user to the API. Empty: as many as one likes.
TOKEN_THROTTLE = throttle_rate("TOKEN_THROTTLE", env.str("TOKEN_THROTTLE", "10/min"))
API_THROTTLE = throttle_rate("API_THROTTLE", env.str("API_THROTTLE", "600/min"))
# How long a token is good unless whoever makes it says otherwise.
TOKEN_LIFETIME = timedelta(days=env.int("TOKEN_LIFETIME_DAYS", 90))
OPEN_API = env.bool("OPEN_API", False)
OPEN_API_ROLE = env.str("OPEN_API_ROLE", "analyst")
OPEN_API_I_UNDERSTAND = env.bool("OPEN_API_I_UNDERSTAND", False)
if OPEN_API_ROLE not in ("viewer", "analyst", "manager"):
    raise ImproperlyConfigured(
        "OPEN_API_ROLE must be viewer, analyst or manager: anonymous users are never admin."
    )

CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = env.bool("CORS_ALLOW_CREDENTIALS", False)
CORS_EXPOSE_HEADERS = ["ETag", "Idempotent-Replayed", "Retry-After", "X-Request-ID"]
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match"),
    *("x-csrftoken", "x-requested-with"),
]
CSRF_TRUSTED_ORIGINS = CORS_ALLOWED_ORIGINS if CORS_ALLOW_CREDENTIALS else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^health$"]
    SESSION_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- API -------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "elastix.api.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "elastix.api.authentication.OpenApiAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["elastix.api.permissions.RolePermission"],
    "DEFAULT_SCHEMA_CLASS": "elastix.api.schema.ElastixSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "elastix.api.errors.problem_response",
    "COERCE_DECIMAL_TO_STRING": False,
    "DEFAULT_THROTTLE_CLASSES": ["elastix.api.throttles.RequestsOfUser"],
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", 1 if env.bool("BEHIND_PROXY", False) else 0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "elastix",
    "DESCRIPTION": "Price elasticities, customer segments and price decisions for a shop, from its own sales.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "elastix.api.schema.add_examples",
        "elastix.api.schema.describe_files",
        "elastix.api.schema.name_the_shop",
    ],
    "PATH_CONVERTER_OVERRIDES": {
        "product_code": {"type": "string", "minLength": 1, "description": "Percent-encoded, a slash as %2F."},
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "JobStateEnum": "elastix.jobs.models.JobState.choices",
        "RecommendationStateEnum": "pricing.recommendation.models.offers.RecommendationState.choices",
        "PriorPriceStateEnum": "pricing.changes.core.prior_price.PRIOR_STATES",
        "ProductKindEnum": "pricing.sales.models.products.Kind.choices",
        "GuardrailEnum": "pricing.recommendation.core.limits.RULES",
        "GuardrailOrDayCapEnum": "pricing.recommendation.core.limits.ALL_RULES",
        "ExperimentStatusEnum": "simulations.experiments.models.ExperimentStatus.choices",
        "ExperimentElasticitySourceEnum": "simulations.experiments.selectors.plans.ELASTICITY_SOURCES",
        "KeptPricesEnum": "simulations.experiments.models.KeptPrices.choices",
        "BasePriceEnum": "simulations.selectors.periods.BASES",
        "PresentPriceEnum": "simulations.selectors.periods.ONLY_PRESENT_PRICE",
        "PeriodKindEnum": "simulations.selectors.periods.PERIOD_KINDS",
        "TokenScopeEnum": "elastix.tokens.models.TokenScope.choices",
        "SegmentEnum": "segments.core.rfm.SEGMENTS",
        "SegmentOrUnknownEnum": "segments.api.dashboard.SEGMENTS_AND_UNKNOWN",
    },
}

# --- logs: one JSON line an event in production, readable lines otherwise ---------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env.str("LOG_FORMAT", "json" if PRODUCTION else "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "elastix.logs.RequestIdFilter"}},
    "formatters": {
        "json": {"()": "elastix.logs.JsonFormatter"},
        "text": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # The access line of elastix.middleware says the same, with the request's id.
        "django.server": {"handlers": [], "propagate": False},
        "django.request": {"level": "ERROR"},
        # Their lines hold whole addresses, and with them a webhook's secret.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Answered with 400; a line for every stray request would drown the log.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        "django": {"handlers": [], "propagate": True, "level": LOG_LEVEL},
    },
}
