FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 DATA_DIR=/var/lib/elastix

RUN useradd --system --create-home --home-dir /var/lib/elastix elastix
WORKDIR /app
COPY requirements.txt requirements-extra.txt ./
# requirements-extra.txt adds the boosted forecast, second opinions and Parquet: docker compose build --build-arg REQUIREMENTS=requirements-extra.txt
ARG REQUIREMENTS=requirements.txt
RUN pip install --disable-pip-version-check -r $REQUIREMENTS
COPY . .
# Production names static files by their content. The key and the host name here serve this one step.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=build \
    DATA_DIR=/tmp/build python manage.py collectstatic --no-input && rm -r /tmp/build

USER elastix
EXPOSE 8000
CMD ["gunicorn", "elastix.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=8", \
     "--timeout=120", "--worker-tmp-dir=/dev/shm"]
